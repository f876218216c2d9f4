import { KeyServerError } from '../../schema/wire/errors.ts'
import { FetchLimiter } from './fetch-limiter.ts'
import { documentUrlOf, readKeyList, type ReadKeyListOptions } from './well-known.ts'
import type { ProofFailure } from '../../schema/wire/enums.ts'

/** What an application server says of its keys, and when it was asked. */
export interface KeyDocument {
  /** Thumbprints, or why there are none. */
  readonly listed: readonly string[] | ProofFailure
  /** Taken before it was asked, so that of two answers the one with the higher ticket is not from before the other. */
  readonly ticket: number
}

interface Fetching {
  readonly current: Promise<KeyDocument>
  next: Promise<KeyDocument> | null
}

/** Documents that are fetched at a time: anybody may ask for one. */
const fetchesMax = 32

/**
 * Fetches the documents of application servers, each name's once at a time. Who asks while one is fetched may know of a
 * newer one, and waits for the next; all who wait share it.
 */
export class KeyDocuments {
  readonly #takeTicket: () => Promise<number>
  readonly #options: ReadKeyListOptions
  readonly #places = new FetchLimiter(fetchesMax)
  readonly #byName = new Map<string, Fetching>()

  constructor(takeTicket: () => Promise<number>, options: ReadKeyListOptions) {
    this.#takeTicket = takeTicket
    this.#options = options
  }

  /** @throws {KeyServerError} RATE_LIMITED when others needed the place before there was an answer */
  async read(name: string): Promise<KeyDocument> {
    const url = documentUrlOf(name, this.#options)
    if (url === null) return { listed: 'NOT_AN_ORIGIN', ticket: 0 }
    const fetching = this.#byName.get(name)
    if (fetching === undefined) return this.#begin(name, url)
    fetching.next ??= fetching.current.then(ignore, ignore).then(() => this.#begin(name, url))
    return fetching.next
  }

  #begin(name: string, url: URL): Promise<KeyDocument> {
    const current = this.#fetch(url)
    const fetching: Fetching = { current, next: null }
    this.#byName.set(name, fetching)
    const end = () => {
      if (fetching.next === null) this.#byName.delete(name)
    }
    current.then(end, end)
    return current
  }

  async #fetch(url: URL): Promise<KeyDocument> {
    const { displaced, release: leave } = this.#places.acquire(url)
    try {
      const ticket = await this.#takeTicket()
      const listed = await readKeyList(url, { ...this.#options, signal: displaced })
      if (displaced.aborted) {
        throw new KeyServerError('RATE_LIMITED', 'Too many application servers register at once.', {
          retryAfterSeconds: 5,
        })
      }
      return { listed, ticket }
    } finally {
      leave()
    }
  }
}

function ignore(): void {
  // Each who waits for it is told.
}
