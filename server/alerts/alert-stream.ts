import type { Alert } from '../../schema/graphql/domain.ts'
import { KeyServerError } from '../../schema/wire/errors.ts'
import type { WakeUp } from './wake-up.ts'

export interface AlertStreamOptions {
  /** The position to begin after. */
  readonly after: number
  /** Joined before anything is read, so that nothing falls between reading and waiting. */
  readonly wakeUp: WakeUp
  /** Reads the next alerts in order, at most a page. `seen` is the newest position that the read has covered. */
  readonly read: (after: number) => Promise<{ readonly alerts: readonly Alert[]; readonly seen: number }>
  /** The last resort when no notification comes, in milliseconds. */
  readonly pollMs: number
  /** Says that the server stops. The stream then fails with UNAVAILABLE, because a stream that ends is not resumed. */
  readonly stopping: AbortSignal
}

/**
 * Every alert of an account once and in order: those after a position, then those to come.
 *
 * Alerts are pulled: the database is read only when the consumer asks for more, so one that is slow holds a page and
 * nothing else, and delays nobody.
 */
export class AlertStream implements AsyncIterableIterator<Alert> {
  readonly #options: AlertStreamOptions
  #position: number
  #page: readonly Alert[] = []
  #isEnded = false

  constructor(options: AlertStreamOptions) {
    this.#options = options
    this.#position = options.after
    options.stopping.addEventListener('abort', this.#end, { once: true })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Alert, undefined>> {
    const { wakeUp, read, pollMs, stopping } = this.#options
    while (!this.#ended()) {
      const [alert, ...rest] = this.#page
      if (alert !== undefined) {
        this.#page = rest
        return { done: false, value: alert }
      }
      const { alerts, seen } = await read(this.#position)
      this.#page = alerts
      const hasMore = seen > this.#position
      this.#position = seen
      if (!hasMore && !this.#ended()) await wakeUp.wait(pollMs)
    }
    if (stopping.aborted) throw new KeyServerError('UNAVAILABLE', 'The key server stops.')
    return { done: true, value: undefined }
  }

  return(): Promise<IteratorResult<Alert, undefined>> {
    this.#end()
    return Promise.resolve({ done: true, value: undefined })
  }

  readonly #end = (): void => {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#options.stopping.removeEventListener('abort', this.#end)
    this.#options.wakeUp.close()
  }

  // A method, because the compiler takes a field for unchanged across an await.
  #ended(): boolean {
    return this.#isEnded
  }
}
