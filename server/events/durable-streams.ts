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
  /** How often a stream reads while it is not known that notifications arrive, in milliseconds. */
  readonly pollMs: number
  readonly stopping: AbortSignal
}

export interface Subscription<T> extends Pick<DurableStreamOptions<T>, 'read'> {
  /** The list's owner: the id of an account, or of an application server. It is also what notifications name. */
  readonly principalId: string
  /** The key that signed the request. */
  readonly keyId: string
  /** It reads every `pollMs` even if notifications arrive, to tell its subscriber that nothing is new. Default: false. */
  readonly readsRegularly?: boolean
  /** Consumes the request's nonce, and returns where to begin. */
  readonly begin: () => Promise<CursorPosition>
}

/** Opens streams of stored lists, within bounds for each key, for each principal, and for all together. */
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

  /** How many streams are open. */
  get openCount(): number {
    return this.#ofAll.openCount
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

  /**
   * Opens a stream, once `begin` has returned.
   *
   * @throws {KeyServerError} as `begin`; RATE_LIMITED when the key, its principal or all have as many streams as they may
   */
  async open<T>({
    principalId,
    keyId,
    begin,
    read,
    readsRegularly = false,
  }: Subscription<T>): Promise<DurableStream<T>> {
    const { notifications, revocations, pollMs, stopping } = this.#options
    const revoked = new AbortController()
    // Before the nonce is consumed, so that no revocation falls between.
    const endWatch = revocations.watch({ principalId, keyId }, () => {
      revoked.abort()
    })
    const ofPrincipal = notifications.subscribe(principalId)
    let release: () => void = () => undefined
    const signal: Signal = {
      wait: (ms) => ofPrincipal.wait(ms),
      close: () => {
        release()
        endWatch()
        ofPrincipal.close()
      },
    }
    try {
      const after = await begin()
      // Not before: a refused signature must not count.
      release = this.#count({ principalId, keyId })
      return new DurableStream({
        after,
        signal,
        read,
        // While notifications arrive, idle streams do not read: 2,000 of them took 400 statements a second. Those that
        // poll do so at the same time, so that streams of one list share a read.
        waitMsMax: () =>
          notifications.isProven && !readsRegularly ? null : pollMs - (performance.now() % pollMs),
        stopping,
        revoked: revoked.signal,
      })
    } catch (error) {
      signal.close()
      throw error
    }
  }

  /** Counts a stream. @returns a function that ends that */
  #count({ principalId, keyId }: Pick<Subscription<unknown>, 'principalId' | 'keyId'>): () => void {
    const releases: (() => void)[] = []
    const releaseAll = () => {
      for (const release of releases) release()
    }
    try {
      releases.push(this.#ofKeys.acquire(keyId))
      releases.push(this.#ofPrincipals.acquire(principalId))
      releases.push(this.#ofAll.acquire(''))
      return releaseAll
    } catch (error) {
      releaseAll()
      throw error
    }
  }
}
