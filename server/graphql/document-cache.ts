import type { DocumentNode } from 'graphql'
import { LRUCache } from 'lru-cache'

/** A parsed document takes up to 250 bytes for each character of its text, so the cache takes 64 MB at most. */
const charactersMax = 256 * 1024
/** Longer than the documents that clients repeat. */
const documentCharactersMax = 8 * 1024

/**
 * Parsed documents by their text, for Yoga's cache. Anybody can fill it, without a valid signature, so it is bounded by its
 * size; Yoga's own cache keeps up to 1,024 texts of 512 KiB each.
 */
export function createDocumentCache() {
  return new LRUCache<string, DocumentNode>({
    maxSize: charactersMax,
    maxEntrySize: documentCharactersMax,
    sizeCalculation: (_document, text) => Math.max(text.length, 1),
  })
}

/** A cache that keeps nothing: cached errors would keep the text that they are about. */
export const noCache = {
  get: () => undefined,
  set: () => undefined,
}
