import { loaded } from '../loaded.ts'
import type * as seldom from './seldom.ts'

/**
 * Loads what few programs call. Bundlers make a file of its own of it, so that every page opens its vault with a third less
 * (docs/browser.md, "Size"). It is one file and not one for each operation: these share much, and each further file makes the
 * first load larger.
 *
 * @throws {VaultError} NETWORK when a page cannot load the file.
 */
export function loadSeldom(): Promise<typeof seldom> {
  return loaded(import('./seldom.ts'))
}
