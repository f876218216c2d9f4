import type { Revocations } from '../trust/revocations.ts'
import type { WakeUp, WakeUps } from '../alerts/wake-up.ts'
import { DurableStream, type DurableStreamOptions } from './durable-stream.ts'

export interface DurableStreamsOptions {
  readonly wakeUps: WakeUps
  readonly revocations: Revocations
  /** How often a subscriber looks when no notification comes, in milliseconds. */
  readonly pollMs: number
  readonly stopping: AbortSignal
}

export interface Subscription<T> extends Pick<DurableStreamOptions<T>, 'read'> {
  /** Whose list it is: the id of an account, or of an application server. It is also what notifications name. */
  readonly holderId: string
  /** The key that signed the request. */
  readonly keyId: string
  /** Claims the request's signature, and answers the position to begin after. */
  readonly begin: () => Promise<number>
}

/** Opens streams of stored lists. */
export class DurableStreams {
  readonly pollMs: number
  readonly #options: DurableStreamsOptions

  constructor(options: DurableStreamsOptions) {
    this.#options = options
    this.pollMs = options.pollMs
  }

  /** Rejects as `begin` does. */
  async open<T>({ holderId, keyId, begin, read }: Subscription<T>): Promise<DurableStream<T>> {
    const { wakeUps, revocations, pollMs, stopping } = this.#options
    const revoked = new AbortController()
    // Before the signature is claimed, so that no revocation falls between.
    const endWatch = revocations.watch({ accountId: holderId, managementKeyId: keyId }, () => {
      revoked.abort()
    })
    const bell = wakeUps.join(holderId)
    const wakeUp: WakeUp = {
      wait: (ms) => bell.wait(ms),
      close: () => {
        endWatch()
        bell.close()
      },
    }
    try {
      return new DurableStream({
        after: await begin(),
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
