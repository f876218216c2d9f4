import { VaultError } from '../errors.ts'

/** One page of a list, and where the next begins; null when it is the last. */
export interface PageOf<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

/** A list that is read page by page while it is iterated. Each iteration begins anew. */
export interface Pages<T> extends AsyncIterable<T> {
  /** Reads all. */
  toArray(): Promise<T[]>
}

/** Most pages of a list: a million items. A server that invents one more each time would be read for ever. */
const pagesMax = 10_000

/** Makes {@link Pages} of a function that reads the page after a cursor, or the first one. */
export function pagesOf<T>(readPage: (after: string | null) => Promise<PageOf<T>>): Pages<T> {
  async function* iterate(): AsyncGenerator<T, void, undefined> {
    let after: string | null = null
    let pages = 0
    do {
      pages += 1
      if (pages > pagesMax) throw new VaultError('ANSWER_MALFORMED', { detail: 'The list does not end.' })
      const page: PageOf<T> = await readPage(after)
      yield* page.items
      // Otherwise a list would seem whole that is not, or be read for ever.
      if (page.next !== null && page.next === after) {
        throw new VaultError('ANSWER_MALFORMED', { detail: 'The list does not go on.' })
      }
      after = page.next
    } while (after !== null)
  }
  return {
    [Symbol.asyncIterator]: iterate,
    toArray: () => Array.fromAsync(iterate()),
  }
}
