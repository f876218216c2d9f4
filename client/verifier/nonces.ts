import { limits } from '../../schema/wire/limits.ts'

/** Remembers which signatures were used. Several processes of one application server share one. */
export interface NonceStore {
  /**
   * Notes a nonce, and says whether it is new. To note and to ask must be one step, as in Redis
   * `SET key 1 NX EXAT expiresAt`.
   *
   * @param nonce names the key and its nonce, `<owner>/<thumbprint>/<nonce>`: at most 150 characters of ASCII.
   * @param expiresAt Unix seconds: until then it must be remembered.
   * @throws anything: the request is refused with 503. So it is when there is no answer within 2 seconds.
   */
  consume(nonce: string, expiresAt: number): boolean | Promise<boolean>
  /**
   * Since when it remembers, in Unix seconds: a signature that was made before is refused, because it may have been used before
   * a restart. Absent: it remembers across restarts.
   */
  readonly startedAt?: number | undefined
}

const bucketSeconds = 30
/** What was noted so long ago by a clock that is never set is outside the window of any clock that is right. */
const keptMsMin = (limits.signatureLifetimeSecondsMax + limits.signatureClockSkewSeconds) * 1000

interface Bucket {
  readonly nonces: Set<string>
  /** By the monotonic clock. */
  notedAtMs: number
}

/**
 * Nonces in the memory of one process. When it has as many as it may, it throws: a request that can not be told from its
 * replay is not let in.
 */
export function memoryNonces({
  entriesMax = 200_000,
  ownerShare = 0.1,
  nowMs = () => Date.now(),
  monotonicMs = () => performance.now(),
}: {
  /** Default: 200,000, which is 2,000 requests a second. */
  readonly entriesMax?: number | undefined
  /** How much of it one owner may fill, so that he fills it for nobody else. Default: a tenth. */
  readonly ownerShare?: number | undefined
  /** Milliseconds since 1970. */
  readonly nowMs?: (() => number) | undefined
  /** Milliseconds, never set back or forward. */
  readonly monotonicMs?: (() => number) | undefined
} = {}): NonceStore {
  const ofOwnerMax = Math.max(1, Math.floor(entriesMax * ownerShare))
  // By the time at which they may be forgotten, so that this is done a bucket at a time.
  const buckets = new Map<number, Bucket>()
  const ofOwners = new Map<string, number>()
  let entries = 0
  let lastForgotten = -Infinity
  const count = (nonce: string, by: 1 | -1) => {
    const owner = ownerOf(nonce)
    const left = (ofOwners.get(owner) ?? 0) + by
    if (left === 0) ofOwners.delete(owner)
    else ofOwners.set(owner, left)
    entries += by
  }
  const forgetExpired = () => {
    const now = nowMs() / 1000
    const keptSinceMs = monotonicMs() - keptMsMin
    for (const [bucket, { nonces, notedAtMs }] of buckets) {
      // One bucket longer than needed: a clock that is set back by less loses nothing. And by both clocks: one that is set
      // ahead for less time loses nothing either.
      if ((bucket + 2) * bucketSeconds >= now || notedAtMs > keptSinceMs) continue
      for (const nonce of nonces) count(nonce, -1)
      buckets.delete(bucket)
      lastForgotten = Math.max(lastForgotten, bucket)
    }
  }
  return {
    // Whole, as `created` is.
    startedAt: Math.floor(nowMs() / 1000),
    consume: (nonce, expiresAt) => {
      forgetExpired()
      // A replay has the same expiry, because it is signed.
      const bucket = Math.floor(expiresAt / bucketSeconds)
      const noted = buckets.get(bucket) ?? { nonces: new Set(), notedAtMs: 0 }
      if (noted.nonces.has(nonce)) return false
      if (bucket <= lastForgotten)
        throw new RangeError('The clock was set back: what was used then is forgotten.')
      if (entries >= entriesMax || (ofOwners.get(ownerOf(nonce)) ?? 0) >= ofOwnerMax) {
        throw new RangeError(`There are ${String(entriesMax)} nonces in use, or one owner's share of them.`)
      }
      noted.nonces.add(nonce)
      noted.notedAtMs = monotonicMs()
      count(nonce, 1)
      buckets.set(bucket, noted)
      return true
    },
  }
}

function ownerOf(nonce: string): string {
  return nonce.slice(0, nonce.indexOf('/'))
}
