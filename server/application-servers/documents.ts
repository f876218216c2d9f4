import { KeyServerError } from '../../schema/wire/errors.ts'
import { SharedReads } from '../lib/shared-reads.ts'
import { FetchLimiter } from './fetch-limiter.ts'
import { documentUrlOf, readKeyList, type ReadKeyListOptions } from './well-known.ts'
import type { ProofFailure } from '../../schema/wire/enums.ts'

/** An application server's own document of its keys, and when it was fetched. */
export interface KeyDocument {
  /** Thumbprints, or why there are none. */
  readonly listed: readonly string[] | ProofFailure
  /** Taken before the fetch began: of two documents, the one with the higher ticket was not fetched before the other. */
  readonly ticket: number
}

/** Maximum number of concurrent fetches: anybody may ask for any document. */
const fetchesMax = 32

/** Maximum number of attempts of a request whose shared fetch is displaced, because another client began it. */
const triesMax = 3

/**
 * Fetches the documents of application servers, each name's once at a time. A request that comes during a fetch may need a
 * newer document, so it waits for the next fetch, which all waiting requests share.
 */
export class KeyDocuments {
  readonly #takeTicket: () => Promise<number>
  readonly #options: ReadKeyListOptions
  readonly #limiter = new FetchLimiter(fetchesMax)
  readonly #reads = new SharedReads<KeyDocument>()

  constructor(takeTicket: () => Promise<number>, options: ReadKeyListOptions) {
    this.#takeTicket = takeTicket
    this.#options = options
  }

  /**
   * @param address of the client that asks
   * @throws {KeyServerError} RATE_LIMITED when another fetch displaced this one
   */
  async read(name: string, address: string): Promise<KeyDocument> {
    const url = documentUrlOf(name, this.#options)
    if (url === null) return { listed: 'NOT_AN_ORIGIN', ticket: 0 }
    for (let tries = 1; ; tries++) {
      const own = { hasBegun: false }
      const fetchOwn = () => {
        own.hasBegun = true
        return this.#fetch(url, address)
      }
      try {
        return await this.#reads.read(name, fetchOwn)
      } catch (error) {
        // The fetch of another client was displaced, because that client has too many: this one is not refused for it.
        if (own.hasBegun || tries === triesMax || !(error instanceof KeyServerError)) throw error
      }
    }
  }

  async #fetch(url: URL, address: string): Promise<KeyDocument> {
    const { displaced, release } = this.#limiter.acquire(url, address)
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
      release()
    }
  }
}
