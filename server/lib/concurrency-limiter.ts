import { KeyServerError } from '../../schema/wire/errors.ts'

export interface ConcurrencyLimiterOptions {
  readonly perHolderMax: number
  /** For people, e.g. `A key has at most 5 sockets at a time.` */
  readonly refusal: string
  /** How soon whoever is refused may find a place. */
  readonly retrySeconds: number
}

/** Counts what is open at a time, by its holder, who has so many places. */
export class ConcurrencyLimiter {
  readonly #options: ConcurrencyLimiterOptions
  readonly #taken = new Map<string, number>()

  constructor(options: ConcurrencyLimiterOptions) {
    this.#options = options
  }

  /** How many places are taken, by all holders. */
  get takenCount(): number {
    let count = 0
    for (const taken of this.#taken.values()) count += taken
    return count
  }

  /**
   * Takes a place.
   *
   * @returns what gives it back; a second call of that does nothing
   * @throws {KeyServerError} RATE_LIMITED when all of the holder's places are taken
   */
  acquire(holder: string): () => void {
    const { perHolderMax, refusal, retrySeconds } = this.#options
    const taken = this.#taken.get(holder) ?? 0
    if (taken >= perHolderMax) {
      throw new KeyServerError('RATE_LIMITED', refusal, { retryAfterSeconds: retrySeconds })
    }
    this.#taken.set(holder, taken + 1)
    let isGivenBack = false
    return () => {
      if (isGivenBack) return
      isGivenBack = true
      const left = (this.#taken.get(holder) ?? 1) - 1
      if (left === 0) this.#taken.delete(holder)
      else this.#taken.set(holder, left)
    }
  }
}
