import type { CursorPosition } from '../../schema/wire/cursor.ts'
import type { RevocationWatch } from '../auth/revocation-watch.ts'
import type { Signal, Notifications } from './notifications.ts'
import { ConcurrencyLimiter } from '../lib/concurrency-limiter.ts'
import { streamsMax, streamsPerKeyMax, streamsPerPrincipalMax } from '../lib/transport-limits.ts'
import { SharedReads } from '../lib/shared-reads.ts'
import { DurableStream, type DurableStreamOptions } from './durable-stream.ts'

export interface DurableStreamsOptions {
  readonly notifications: Notifications
  readonly revocations: Pick<RevocationWatch, 'watch'>
  /** How often a subscriber looks while it is not known that notifications arrive, in milliseconds. */
  readonly pollMs: number
  readonly stopping: AbortSignal
}

export interface Subscription<T> extends Pick<DurableStreamOptions<T>, 'read'> {
  /** The list's owner: the id of an account, or of an application server. It is also what notifications name. */
  readonly principalId: string
  /** The key that signed the request. */
  readonly keyId: string
  /** It reads every `pollMs` even if notifications arrive: its subscriber hears that nothing is new. Default: false. */
  readonly readsRegularly?: boolean
  /** Claims the request's signature, and answers where to begin. */
  readonly begin: () => Promise<CursorPosition>
}

/** Opens streams of stored lists: so many of a key, of a principal and of all together at a time. */
export class DurableStreams {
  readonly pollMs: number
  readonly #options: DurableStreamsOptions
  readonly #ofKeys = new ConcurrencyLimiter({
    perHolderMax: streamsPerKeyMax,
    refusal: `A key has at most ${String(streamsPerKeyMax)} subscriptions at a time.`,
    retrySeconds: 5,
  })
  readonly #ofPrincipals = new ConcurrencyLimiter({
    perHolderMax: streamsPerPrincipalMax,
    refusal: `All keys of an account have at most ${String(streamsPerPrincipalMax)} subscriptions at a time.`,
    retrySeconds: 5,
  })
  readonly #ofAll = new ConcurrencyLimiter({
    perHolderMax: streamsMax,
    refusal: 'The key server has as many subscriptions as it may.',
    retrySeconds: 5,
  })

  constructor(options: DurableStreamsOptions) {
    this.#options = options
    this.pollMs = options.pollMs
  }

  /** Streams that are open. */
  get openCount(): number {
    return this.#ofAll.takenCount
  }

  /**
   * Makes reads of a list that are shared by the streams that are at one position of it.
   *
   * @param read a page after a position
   */
  share<P>(
    read: (principalId: string, after: CursorPosition) => Promise<P>,
  ): (principalId: string, after: CursorPosition) => Promise<P> {
    const shared = new SharedReads<P>()
    return (principalId, after) =>
      shared.read(JSON.stringify([principalId, after.position, after.atMs]), () => read(principalId, after))
  }

  /** Rejects as `begin` does, and with RATE_LIMITED when the key, its principal or all have as many as they may. */
  async open<T>({
    principalId,
    keyId,
    begin,
    read,
    readsRegularly = false,
  }: Subscription<T>): Promise<DurableStream<T>> {
    const { notifications, revocations, pollMs, stopping } = this.#options
    const revoked = new AbortController()
    // Before the signature is claimed, so that no revocation falls between.
    const endWatch = revocations.watch({ principalId, keyId }, () => {
      revoked.abort()
    })
    const signal = notifications.subscribe(principalId)
    let leave: () => void = () => undefined
    const wakeUp: Signal = {
      wait: (ms) => signal.wait(ms),
      close: () => {
        leave()
        endWatch()
        signal.close()
      },
    }
    try {
      const after = await begin()
      // Not before: a signature that does not hold takes nobody's place.
      leave = this.#takePlaces({ principalId, keyId })
      return new DurableStream({
        after,
        wakeUp,
        read,
        // Idle subscribers cost nothing while notifications arrive: 2,000 of them took 400 statements a second. Those that look do
        // so at one time, so that streams of a list share what they read.
        waitMsMax: () =>
          notifications.isProven && !readsRegularly ? null : pollMs - (performance.now() % pollMs),
        stopping,
        revoked: revoked.signal,
      })
    } catch (error) {
      wakeUp.close()
      throw error
    }
  }

  #takePlaces({ principalId, keyId }: Pick<Subscription<unknown>, 'principalId' | 'keyId'>): () => void {
    const taken: (() => void)[] = []
    const leave = () => {
      for (const giveBack of taken) giveBack()
    }
    try {
      taken.push(this.#ofKeys.acquire(keyId))
      taken.push(this.#ofPrincipals.acquire(principalId))
      taken.push(this.#ofAll.acquire(''))
      return leave
    } catch (error) {
      leave()
      throw error
    }
  }
}
