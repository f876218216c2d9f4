import { KeyServerError } from '../../schema/wire/errors.ts'
import { FetchLimiter } from './fetch-limiter.ts'
import { documentUrlOf, readKeyList, type ReadKeyListOptions } from './well-known.ts'
import type { ProofFailure } from '../../schema/wire/enums.ts'

/** An application server's own document of its keys, and when it was fetched. */
export interface KeyDocument {
  /** Thumbprints, or why there are none. */
  readonly listed: readonly string[] | ProofFailure
  /** Taken before it was asked, so that of two answers the one with the higher ticket is not from before the other. */
  readonly ticket: number
}

interface Asked {
  readonly name: string
  readonly url: URL
  readonly address: string
}

interface Fetching {
  readonly current: Promise<KeyDocument>
  next: Promise<KeyDocument> | null
}

/** Documents that are fetched at a time: anybody may ask for any. */
const fetchesMax = 32

/** Tries of one request, whose fetch is displaced when it shares that of another client. */
const triesMax = 3

/**
 * Fetches the documents of application servers, each name's once at a time. A request that comes while one is fetched may
 * know of a newer one, and waits for the next; all that wait share it.
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

  /**
   * @param address of the client that asks
   * @throws {KeyServerError} RATE_LIMITED when others needed the place before there was an answer
   */
  async read(name: string, address: string): Promise<KeyDocument> {
    const url = documentUrlOf(name, this.#options)
    if (url === null) return { listed: 'NOT_AN_ORIGIN', ticket: 0 }
    for (let tries = 1; ; tries++) {
      const { document, isOwn } = this.#join({ name, url, address })
      try {
        return await document
      } catch (error) {
        // Another client's place was taken, because it had too many: that is no reason to refuse this one.
        if (isOwn || tries === triesMax || !(error instanceof KeyServerError)) throw error
      }
    }
  }

  #join(asked: Asked): { readonly document: Promise<KeyDocument>; readonly isOwn: boolean } {
    const fetching = this.#byName.get(asked.name)
    if (fetching === undefined) return { document: this.#begin(asked), isOwn: true }
    if (fetching.next !== null) return { document: fetching.next, isOwn: false }
    fetching.next = fetching.current.then(ignore, ignore).then(() => this.#begin(asked))
    return { document: fetching.next, isOwn: true }
  }

  #begin({ name, url, address }: Asked): Promise<KeyDocument> {
    const current = this.#fetch(url, address)
    const fetching: Fetching = { current, next: null }
    this.#byName.set(name, fetching)
    const end = () => {
      if (fetching.next === null) this.#byName.delete(name)
    }
    current.then(end, end)
    return current
  }

  async #fetch(url: URL, address: string): Promise<KeyDocument> {
    const { displaced, release: leave } = this.#places.acquire(url, address)
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
  // Those that wait for it are told.
}
