import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** The version of this installation: its own package.json, which a package finds by its name. */
export function readVersion(): string {
  const path = createRequire(import.meta.url).resolve('claviger/package.json')
  const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'))
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest
  return isManifest ? String(manifest.version) : 'unknown'
}
