import type { FreshnessLease } from './freshness/freshness-lease.ts'
import { LruMap } from './lru-map.ts'
import { elapsedMs, type VerifierClocks } from './clock-reading.ts'
import type { CheckedResult } from './result.ts'

export interface ResultCacheOptions {
  readonly entriesMax: number
  readonly cacheSeconds: number
  readonly negativeCacheSeconds: number
  /** How long a valid result may be served while the key server cannot be reached; 0 for never. */
  readonly staleSeconds: number
  /** Whether the cache may be used, and for how long. */
  readonly freshness: FreshnessLease
  readonly clocks: VerifierClocks
}

interface Entry {
  readonly result: CheckedResult
  /** Both count from the time of the request. */
  readonly freshMs: number
  readonly staleMs: number
}

/** Bounded cache of results. Results other than `valid` have a bound of their own: anybody can cause any number of them. */
export class ResultCache {
  readonly #options: ResultCacheOptions
  readonly #valid: LruMap<Entry>
  readonly #others: LruMap<Entry>
  /** The keys of all entries, by thumbprint. */
  readonly #byThumbprint = new Map<string, Set<string>>()

  constructor(options: ResultCacheOptions) {
    this.#options = options
    const onRemoved = (key: string) => {
      this.#removeFromIndex(key)
    }
    this.#valid = new LruMap({ sizeMax: options.entriesMax, onRemoved })
    this.#others = new LruMap({ sizeMax: options.entriesMax, onRemoved })
  }

  /** A result that may be used without a look-up. */
  fresh(owner: string, thumbprint: string): CheckedResult | null {
    if (!this.#options.freshness.isFresh) return null
    const key = keyOf(owner, thumbprint)
    const entry = this.#valid.get(key) ?? this.#others.get(key)
    return entry !== undefined && this.#ageMs(entry) < entry.freshMs ? entry.result : null
  }

  /** A result that may be used while the key server cannot be reached: that of a valid key, never beyond its term. */
  stale(owner: string, thumbprint: string): CheckedResult | null {
    const entry = this.#valid.get(keyOf(owner, thumbprint))
    return entry !== undefined && this.#ageMs(entry) < entry.staleMs ? entry.result : null
  }

  set(owner: string, { thumbprint, result }: { thumbprint: string; result: CheckedResult }): void {
    const { negativeCacheSeconds, staleSeconds, freshness } = this.#options
    const cacheSeconds = freshness.cacheSeconds ?? this.#options.cacheSeconds
    const key = keyOf(owner, thumbprint)
    const { changesInSeconds } = result
    const isValid = result.status === 'valid'
    // Only a revocation is final: a key can be stored, and a term extended, at any time.
    const isLasting = isValid || result.status === 'revoked'
    const life = Math.min(
      isLasting ? cacheSeconds : negativeCacheSeconds,
      result.lifetimeSeconds ?? Infinity,
      isValid || result.status === 'pending' ? changesInSeconds : Infinity,
    )
    const entry = {
      result,
      freshMs: life * 1000,
      staleMs: Math.min(staleSeconds, changesInSeconds) * 1000,
    }
    this.#valid.delete(key)
    this.#others.delete(key)
    if (!isValid && life <= 0) return
    const cache = isValid ? this.#valid : this.#others
    cache.set(key, entry)
    const ofThumbprint = this.#byThumbprint.get(thumbprint) ?? new Set()
    this.#byThumbprint.set(thumbprint, ofThumbprint.add(key))
  }

  /** Removes a key under all owners. */
  deleteThumbprint(thumbprint: string): void {
    for (const key of [...(this.#byThumbprint.get(thumbprint) ?? [])]) {
      this.#valid.delete(key)
      this.#others.delete(key)
    }
  }

  /** Removes one key, or all keys of an owner. */
  delete(owner: string, thumbprint?: string): void {
    for (const cache of [this.#valid, this.#others]) {
      if (thumbprint !== undefined) {
        cache.delete(keyOf(owner, thumbprint))
        continue
      }
      for (const key of [...cache.keys()]) if (isOf(key, owner)) cache.delete(key)
    }
  }

  clear(): void {
    this.#valid.clear()
    this.#others.clear()
  }

  #ageMs({ result }: Entry): number {
    return elapsedMs(result.requestedAt, this.#options.clocks)
  }

  #removeFromIndex(key: string): void {
    const thumbprint = thumbprintOf(key)
    const ofThumbprint = this.#byThumbprint.get(thumbprint)
    ofThumbprint?.delete(key)
    if (ofThumbprint?.size === 0) this.#byThumbprint.delete(thumbprint)
  }
}

/** A thumbprint has no space, so that different pairs have different keys. */
export function keyOf(owner: string, thumbprint: string): string {
  return `${thumbprint} ${owner}`
}

/** Whether a key of {@link keyOf} is this owner's. */
export function isOf(key: string, owner: string): boolean {
  return key.slice(key.indexOf(' ') + 1) === owner
}

/** The thumbprint in a key of {@link keyOf}. */
export function thumbprintOf(key: string): string {
  return key.slice(0, key.indexOf(' '))
}
