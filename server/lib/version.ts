import { readFileSync } from 'node:fs'

/** The version of this installation, from its package.json. */
export const version = readVersion()

/** package.json stands two levels above this folder in a checkout and three above dist/server/ in a package. */
function readVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
      if (typeof manifest === 'object' && manifest !== null && 'version' in manifest)
        return String(manifest.version)
    } catch {
      // Look at the other layout.
    }
  }
  throw new Error('package.json is missing from this installation of claviger.')
}
