import type { DocumentNode } from 'graphql'
import { LRUCache } from 'lru-cache'

/** A parsed document takes up to 250 bytes for each character of its text, so all of these take 64 MB at most. */
const charactersMax = 256 * 1024
/** Longer than what clients ask again and again. */
const documentCharactersMax = 8 * 1024

/**
 * Parsed documents by their text, for Yoga's cache. Who sends them need not have signed anything that holds: what is kept
 * is bounded by its size, where Yoga's own cache counts up to 1,024 texts, of 512 KiB each.
 */
export function createDocumentCache() {
  return new LRUCache<string, DocumentNode>({
    maxSize: charactersMax,
    maxEntrySize: documentCharactersMax,
    sizeCalculation: (_document, text) => Math.max(text.length, 1),
  })
}

/** Keeps nothing, e.g. of errors: with each goes the text that it is about. */
export const noCache = {
  get: () => undefined,
  set: () => undefined,
}
