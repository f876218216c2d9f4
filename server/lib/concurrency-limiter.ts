import { KeyServerError } from '../../schema/wire/errors.ts'

export interface ConcurrencyLimiterOptions {
  readonly perHolderMax: number
  /** For people, e.g. `A key has at most 5 sockets at a time.` */
  readonly refusal: string
  /** When whoever is refused may try again. */
  readonly retrySeconds: number
}

/** Limits how much a holder has open at a time. */
export class ConcurrencyLimiter {
  readonly #options: ConcurrencyLimiterOptions
  readonly #openOf = new Map<string, number>()

  constructor(options: ConcurrencyLimiterOptions) {
    this.#options = options
  }

  /** How many are open, of all holders. */
  get openCount(): number {
    let count = 0
    for (const open of this.#openOf.values()) count += open
    return count
  }

  /**
   * Counts one more.
   *
   * @returns a function that releases it; a second call does nothing
   * @throws {KeyServerError} RATE_LIMITED when the holder has as many as it may
   */
  acquire(holder: string): () => void {
    const { perHolderMax, refusal, retrySeconds } = this.#options
    const open = this.#openOf.get(holder) ?? 0
    if (open >= perHolderMax) {
      throw new KeyServerError('RATE_LIMITED', refusal, { retryAfterSeconds: retrySeconds })
    }
    this.#openOf.set(holder, open + 1)
    let isReleased = false
    return () => {
      if (isReleased) return
      isReleased = true
      const left = (this.#openOf.get(holder) ?? 1) - 1
      if (left === 0) this.#openOf.delete(holder)
      else this.#openOf.set(holder, left)
    }
  }
}
