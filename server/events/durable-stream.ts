import type { CursorPosition } from '../../schema/wire/cursor.ts'
import { KeyServerError, signatureRefused } from '../../schema/wire/errors.ts'
import { isOutOfReach } from '../database/lost-connection.ts'
import type { Signal } from './notifications.ts'

export interface DurableStreamOptions<T> {
  /** Where to begin. */
  readonly after: CursorPosition
  /** Subscribed before anything is read, so that nothing falls between reading and waiting. */
  readonly signal: Signal
  /** Reads the next items in order, at most a page. */
  readonly read: (after: CursorPosition) => Promise<ItemsRead<T>>
  /** How long it may wait for a notification before it reads by itself, in milliseconds; null: for ever. */
  readonly waitMsMax: () => number | null
  /** Says that the server stops. The stream then fails with UNAVAILABLE, because a stream that ends is not resumed. */
  readonly stopping: AbortSignal
  /** Says that the subscriber's key is revoked. The stream then fails as its next request will. */
  readonly revoked: AbortSignal
}

export interface ItemsRead<T> {
  readonly items: readonly T[]
  /** How far the read has come. */
  readonly seen: CursorPosition
  /** There was nothing more when it was read, and a notification announces what has come since. Default: false. */
  readonly isWhole?: boolean
}

/** The longest wait before reading again when the database was out of reach. */
const retryMs = 1_000

/**
 * Every item of a stored list once and in order: those after a position, then those to come. Alerts of an account, and
 * changes of an application server's keys, are such lists.
 *
 * Items are pulled: the database is read only when the consumer asks for more, so one that is slow holds a page and
 * nothing else, and delays nobody. A database that is out of reach for a while delays the stream and does not end it: its
 * consumer could only come back with the same cursor.
 */
export class DurableStream<T> implements AsyncIterableIterator<T> {
  readonly #options: DurableStreamOptions<T>
  #position: CursorPosition
  #page: readonly T[] = []
  /** The page is the last one before the next notification. */
  #isAtEnd = false
  #isEnded = false

  constructor(options: DurableStreamOptions<T>) {
    this.#options = options
    this.#position = options.after
    options.stopping.addEventListener('abort', this.#end, { once: true })
    options.revoked.addEventListener('abort', this.#end, { once: true })
    if (options.revoked.aborted) this.#end()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    const { signal, waitMsMax, stopping, revoked } = this.#options
    while (!this.#ended()) {
      const [item, ...rest] = this.#page
      if (item !== undefined) {
        this.#page = rest
        return { done: false, value: item }
      }
      if (this.#isAtEnd) {
        this.#isAtEnd = false
        await signal.wait(waitMsMax())
        continue
      }
      const page = await this.#read()
      if (page === null) await signal.wait(retryMs)
      else {
        this.#page = page.items
        const hasNews = page.items.length > 0 || page.seen.position > this.#position.position
        this.#position = page.seen
        this.#isAtEnd = page.isWhole ?? !hasNews
      }
    }
    if (revoked.aborted) throw signatureRefused('SIGNATURE_INVALID')
    if (stopping.aborted) throw new KeyServerError('UNAVAILABLE', 'The key server stops.')
    return { done: true, value: undefined }
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#end()
    return Promise.resolve({ done: true, value: undefined })
  }

  /** Null when the database is out of reach. */
  async #read(): Promise<ItemsRead<T> | null> {
    try {
      return await this.#options.read(this.#position)
    } catch (error) {
      if (isOutOfReach(error)) return null
      // Nobody asks a stream that has failed for more, nor calls its `return`.
      this.#end()
      throw error
    }
  }

  readonly #end = (): void => {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#options.stopping.removeEventListener('abort', this.#end)
    this.#options.revoked.removeEventListener('abort', this.#end)
    this.#options.signal.close()
  }

  // A method, because the compiler takes a field for unchanged across an await.
  #ended(): boolean {
    return this.#isEnded
  }
}
