import { LRUCache } from 'lru-cache'

/** So many at once, refilled evenly within so many seconds. */
export interface RateLimit {
  readonly count: number
  readonly seconds: number
}

/** Clients that are counted at a time, some 100 bytes each. Beyond it the least recently seen one is forgotten. */
const clientsMax = 50_000

/**
 * Counts what clients do, in this process, by the generic cell rate algorithm (ITU-T I.371): one number for each client, the
 * time at which all that it has taken is refilled.
 */
export class RateLimiter {
  readonly #limit: RateLimit
  readonly #now: () => number
  readonly #fullAt = new LRUCache<string, number>({ max: clientsMax })

  /** @param options.now milliseconds on a clock that is never set, as `performance.now` */
  constructor(limit: RateLimit, { now = () => performance.now() }: { readonly now?: () => number } = {}) {
    this.#limit = limit
    this.#now = now
  }

  /**
   * How many seconds it takes until the client may take so much; 0 when it may now. An amount above the limit is granted
   * when nothing else was taken.
   */
  waitOf(client: string, cost = 1): number {
    const { seconds } = this.#limit
    return Math.max(0, (this.#afterwards(client, cost) - this.#now()) / 1000 - seconds)
  }

  /** Takes it, whether or not it may. */
  take(client: string, cost = 1): void {
    this.#fullAt.set(client, this.#afterwards(client, cost))
  }

  #afterwards(client: string, cost: number): number {
    const { count, seconds } = this.#limit
    const now = this.#now()
    return Math.max(this.#fullAt.get(client) ?? now, now) + (Math.min(cost, count) / count) * seconds * 1000
  }
}
