import { readClocks, elapsedMs, type ClockReading, type VerifierClocks } from '../clock-reading.ts'

/** Duration of the lease after each UP_TO_DATE, in milliseconds. The key server sends one about every 5 seconds. */
const leaseMs = 12_000

/**
 * The verifier's right to answer from its cache. Without a follower only the age of a result counts. With one, results are
 * cached longer, but only while the key server confirms that the follower has received every change: after a
 * disconnection the cache is not used until the follower has caught up.
 */
export class FreshnessLease {
  readonly #clocks: VerifierClocks
  #followed: { readonly cacheSeconds: number; renewedAt: ClockReading | null } | null = null

  constructor(clocks: VerifierClocks) {
    this.#clocks = clocks
  }

  /** Changes are followed from now on; the cache is not used before the first {@link renew}. */
  follow(cacheSeconds: number): void {
    this.#followed = { cacheSeconds, renewedAt: null }
  }

  /** The follower has received every change until now. */
  renew(): void {
    if (this.#followed !== null) this.#followed.renewedAt = readClocks(this.#clocks)
  }

  /** The follower was disconnected. */
  expire(): void {
    if (this.#followed !== null) this.#followed.renewedAt = null
  }

  /** Changes are no longer followed. The caller also clears the cache: its results may be too old without a follower. */
  unfollow(): void {
    this.#followed = null
  }

  get isFollowed(): boolean {
    return this.#followed !== null
  }

  /** How long a valid result may be cached, in seconds; null: as long as without a follower. */
  get cacheSeconds(): number | null {
    return this.#followed?.cacheSeconds ?? null
  }

  /** Whether the cache may be used now. */
  get isFresh(): boolean {
    if (this.#followed === null) return true
    const { renewedAt } = this.#followed
    return renewedAt !== null && elapsedMs(renewedAt, this.#clocks) < leaseMs
  }
}
