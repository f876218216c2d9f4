import { readClocks, elapsedMs, type ClockReading, type VerifierClocks } from '../clock-reading.ts'

/** How long the word that nothing has changed is good for, in milliseconds. It comes about every 5 seconds. */
const leaseMs = 12_000

/**
 * What the cache of a verifier may be used for. Without a follower it goes by time alone. With one it lasts longer, but
 * only while the key server keeps saying that the follower has seen every change: after a disconnection nothing in
 * the cache is used until the follower has caught up.
 */
export class FreshnessLease {
  readonly #clocks: VerifierClocks
  #followed: { readonly cacheSeconds: number; heardAt: ClockReading | null } | null = null

  constructor(clocks: VerifierClocks) {
    this.#clocks = clocks
  }

  /** Changes are followed from now on; nothing in the cache is used before the first {@link renew}. */
  follow(cacheSeconds: number): void {
    this.#followed = { cacheSeconds, heardAt: null }
  }

  /** The follower has seen every change until now. */
  renew(): void {
    if (this.#followed !== null) this.#followed.heardAt = readClocks(this.#clocks)
  }

  /** The follower was disconnected. */
  expire(): void {
    if (this.#followed !== null) this.#followed.heardAt = null
  }

  /** Changes are no longer followed. Clear the cache with it: what it holds may last too long. */
  unfollow(): void {
    this.#followed = null
  }

  get isFollowed(): boolean {
    return this.#followed !== null
  }

  /** How long a valid answer may be kept; null for as long as without a follower. */
  get cacheSeconds(): number | null {
    return this.#followed?.cacheSeconds ?? null
  }

  /** Whether what is cached may be used now. */
  get isFresh(): boolean {
    if (this.#followed === null) return true
    const { heardAt } = this.#followed
    return heardAt !== null && elapsedMs(heardAt, this.#clocks) < leaseMs
  }
}
