import { systemClocks, type VerifierClocks } from './clock-reading.ts'
import { limits } from '../../schema/wire/limits.ts'

/** Store of consumed nonces. All processes of one application server share one store. */
export interface NonceStore {
  /**
   * Consumes a nonce. Checking and storing must be one atomic step, as in Redis `SET key 1 NX EXAT expiresAt`.
   *
   * @param nonce `<owner>/<thumbprint>/<nonce>`, at most 150 ASCII characters.
   * @param expiresAt Unix seconds: until then the nonce must be stored.
   * @returns whether the nonce is new.
   * @throws any error: the request is refused with 503, as it is after 2 seconds without an answer.
   */
  consume(nonce: string, expiresAt: number): boolean | Promise<boolean>
  /**
   * When this store was created, in Unix seconds, for a store that loses its nonces at a restart: an older signature is
   * refused, because it may have been used before the restart. Read for each request: where the clock is set, this moves with
   * it. Absent: the store keeps nonces across restarts.
   */
  readonly startedAt?: number | undefined
}

const bucketSeconds = 30
/** A nonce consumed longer ago by the monotonic clock has expired by any correct clock: lifetime and clock skew together. */
const keptMsMin = (limits.signatureLifetimeSecondsMax + limits.signatureClockSkewSeconds) * 1000

interface Bucket {
  readonly nonces: Set<string>
  /** The last time that a nonce was added, by the monotonic clock. */
  consumedAtMs: number
}

export interface MemoryNoncesOptions {
  /** Default: 200,000, which is 2,000 requests a second. */
  readonly entriesMax?: number | undefined
  /** The share that one owner may fill, so that no owner can fill it for the others. Default: 0.1. */
  readonly ownerShare?: number | undefined
}

/**
 * A nonce store in the memory of one process. When it is full it throws: a request that cannot be told from its replay is
 * refused.
 */
export function memoryNonces(options: MemoryNoncesOptions = {}): NonceStore {
  return memoryNoncesWith(options, systemClocks)
}

/** As {@link memoryNonces}, on other clocks: for tests. */
export function memoryNoncesWith(
  { entriesMax = 200_000, ownerShare = 0.1 }: MemoryNoncesOptions,
  { nowMs, monotonicMs }: VerifierClocks,
): NonceStore {
  const ofOwnerMax = Math.max(1, Math.floor(entriesMax * ownerShare))
  // By expiry, so that expired nonces are removed a bucket at a time.
  const buckets = new Map<number, Bucket>()
  const ofOwners = new Map<string, number>()
  let entries = 0
  let lastRemoved = -Infinity
  const count = (nonce: string, by: 1 | -1) => {
    const owner = ownerOf(nonce)
    const left = (ofOwners.get(owner) ?? 0) + by
    if (left === 0) ofOwners.delete(owner)
    else ofOwners.set(owner, left)
    entries += by
  }
  const startedMonotonicMs = monotonicMs()
  const removeExpired = () => {
    const now = nowMs() / 1000
    const keptSinceMs = monotonicMs() - keptMsMin
    for (const [bucket, { nonces, consumedAtMs }] of buckets) {
      // One bucket longer than needed, and by both clocks, so that a clock that is set back by less than a bucket, or set
      // ahead for a time, loses no nonce.
      if ((bucket + 2) * bucketSeconds >= now || consumedAtMs > keptSinceMs) continue
      for (const nonce of nonces) count(nonce, -1)
      buckets.delete(bucket)
      lastRemoved = Math.max(lastRemoved, bucket)
    }
  }
  return {
    /**
     * By the present clock: a machine may start with a clock that is behind and set soon after. A second that had begun
     * before is not covered by this store, because `created` is in whole seconds.
     */
    get startedAt() {
      return Math.ceil((nowMs() - (monotonicMs() - startedMonotonicMs)) / 1000)
    },
    consume: (nonce, expiresAt) => {
      removeExpired()
      // A replay has the same expiry, because it is signed.
      const bucket = Math.floor(expiresAt / bucketSeconds)
      const target = buckets.get(bucket) ?? { nonces: new Set(), consumedAtMs: 0 }
      if (target.nonces.has(nonce)) return false
      if (bucket <= lastRemoved)
        throw new RangeError('The clock was set back: the nonces of that time are no longer stored.')
      if (entries >= entriesMax || (ofOwners.get(ownerOf(nonce)) ?? 0) >= ofOwnerMax) {
        throw new RangeError(`There are ${String(entriesMax)} nonces in use, or one owner's share of them.`)
      }
      target.nonces.add(nonce)
      target.consumedAtMs = monotonicMs()
      count(nonce, 1)
      buckets.set(bucket, target)
      return true
    },
  }
}

function ownerOf(nonce: string): string {
  return nonce.slice(0, nonce.indexOf('/'))
}
