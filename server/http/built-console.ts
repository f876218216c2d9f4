import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The directory of the built console. Packages have it at the same place from this file as checkouts do. */
export function builtConsole(): string {
  return fileURLToPath(new URL('../../client/console/dist/', import.meta.url))
}

/** Whether `npm run build:console` has been run. */
export function isConsoleBuilt(): boolean {
  return existsSync(`${builtConsole()}index.html`)
}
