import { readFileSync } from 'node:fs'

/** The version of this installation. package.json stands two levels above client/cli/, and three above dist/client/cli/. */
export function readVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
      if (typeof manifest === 'object' && manifest !== null && 'version' in manifest)
        return String(manifest.version)
    } catch {
      // Look at the other layout.
    }
  }
  return 'unknown'
}
