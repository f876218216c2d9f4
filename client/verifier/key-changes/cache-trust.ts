import { momentOf, msSince, type Moment, type VerifierClocks } from '../moment.ts'

/** How long the word that nothing has changed is good for, in milliseconds. It comes about every 5 seconds. */
const wordLastsMs = 12_000

/**
 * What the cache of a verifier may be used for. Without a follower it goes by time alone. With one it lasts longer, but
 * only while the key server keeps saying that the follower has seen every change: after a disconnection nothing in
 * the cache is used until the follower has caught up.
 */
export class CacheTrust {
  readonly #clocks: VerifierClocks
  #followed: { readonly cacheSeconds: number; heardAt: Moment | null } | null = null

  constructor(clocks: VerifierClocks) {
    this.#clocks = clocks
  }

  /** Changes are followed from now on; nothing in the cache is used before the first {@link hear}. */
  follow(cacheSeconds: number): void {
    this.#followed = { cacheSeconds, heardAt: null }
  }

  /** The follower has seen every change until now. */
  hear(): void {
    if (this.#followed !== null) this.#followed.heardAt = momentOf(this.#clocks)
  }

  /** The follower was disconnected. */
  lose(): void {
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
  get isGood(): boolean {
    if (this.#followed === null) return true
    const { heardAt } = this.#followed
    return heardAt !== null && msSince(heardAt, this.#clocks) < wordLastsMs
  }
}
