import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** The version of this installation, from its package.json. */
export const version = readVersion()

/** Reads this package's package.json, which it resolves by its own name. */
function readVersion(): string {
  const path = createRequire(import.meta.url).resolve('@claviger/server/package.json')
  const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'))
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest
  if (!isManifest) throw new Error('package.json is missing from this installation of @claviger/server.')
  return String(manifest.version)
}
