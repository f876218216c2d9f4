import type { CursorPosition } from '../../schema/wire/cursor.ts'
import type { RevocationWatch } from '../auth/revocation-watch.ts'
import type { Signal, Notifications } from './notifications.ts'
import { ConcurrencyLimiter } from '../lib/concurrency-limiter.ts'
import { streamsPerKeyMax } from '../lib/transport-limits.ts'
import { DurableStream, type DurableStreamOptions } from './durable-stream.ts'

export interface DurableStreamsOptions {
  readonly notifications: Notifications
  readonly revocations: RevocationWatch
  /** How often a subscriber looks when no notification comes, in milliseconds. */
  readonly pollMs: number
  readonly stopping: AbortSignal
}

export interface Subscription<T> extends Pick<DurableStreamOptions<T>, 'read'> {
  /** Whose list it is: the id of an account, or of an application server. It is also what notifications name. */
  readonly principalId: string
  /** The key that signed the request. */
  readonly keyId: string
  /** Claims the request's signature, and answers where to begin. */
  readonly begin: () => Promise<CursorPosition>
}

/** Opens streams of stored lists, so many of a key at a time. */
export class DurableStreams {
  readonly pollMs: number
  readonly #options: DurableStreamsOptions
  readonly #places = new ConcurrencyLimiter({
    perHolderMax: streamsPerKeyMax,
    refusal: `A key has at most ${String(streamsPerKeyMax)} subscriptions at a time.`,
    retrySeconds: 5,
  })

  constructor(options: DurableStreamsOptions) {
    this.#options = options
    this.pollMs = options.pollMs
  }

  /** Rejects as `begin` does, and with RATE_LIMITED when the key has as many as it may. */
  async open<T>({ principalId, keyId, begin, read }: Subscription<T>): Promise<DurableStream<T>> {
    const { notifications: wakeUps, revocations, pollMs, stopping } = this.#options
    const revoked = new AbortController()
    // Before the signature is claimed, so that no revocation falls between.
    const endWatch = revocations.watch({ principalId, keyId }, () => {
      revoked.abort()
    })
    const bell = wakeUps.subscribe(principalId)
    let leave: () => void = () => undefined
    const wakeUp: Signal = {
      wait: (ms) => bell.wait(ms),
      close: () => {
        leave()
        endWatch()
        bell.close()
      },
    }
    try {
      const after = await begin()
      // Not before: a signature that does not hold takes nobody's place.
      leave = this.#places.acquire(keyId)
      return new DurableStream({
        after,
        wakeUp,
        read,
        pollMs,
        stopping,
        revoked: revoked.signal,
      })
    } catch (error) {
      wakeUp.close()
      throw error
    }
  }
}
