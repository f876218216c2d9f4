/** Remembers which signatures were used. Several processes of one application server share one. */
export interface NonceStore {
  /**
   * Notes a nonce, and says whether it is new. To note and to ask must be one step, as in Redis
   * `SET key 1 NX EXAT expiresAt`.
   *
   * @param nonce names the key and its nonce: at most 150 characters of ASCII.
   * @param expiresAt Unix seconds: until then it must be remembered.
   * @throws anything: the request is refused with 503.
   */
  consume(nonce: string, expiresAt: number): boolean | Promise<boolean>
}

const bucketSeconds = 30

/**
 * Nonces in the memory of one process. When it has as many as it may, it throws: a request that can not be told from its
 * replay is not let in.
 */
export function memoryNonces({
  entriesMax = 200_000,
  nowMs = () => Date.now(),
}: {
  /** Default: 200,000, which is 2,000 requests a second. */
  readonly entriesMax?: number | undefined
  /** Milliseconds since 1970. */
  readonly nowMs?: (() => number) | undefined
} = {}): NonceStore {
  // By the time at which they may be forgotten, so that this is done a bucket at a time.
  const buckets = new Map<number, Set<string>>()
  let entries = 0
  const forgetExpired = () => {
    const now = nowMs() / 1000
    for (const [bucket, nonces] of buckets) {
      // One bucket longer than needed: a clock that is set back by less forgets nothing.
      if ((bucket + 2) * bucketSeconds >= now) continue
      entries -= nonces.size
      buckets.delete(bucket)
    }
  }
  return {
    consume: (nonce, expiresAt) => {
      forgetExpired()
      // A replay has the same expiry, because it is signed.
      const bucket = Math.floor(expiresAt / bucketSeconds)
      const nonces = buckets.get(bucket) ?? new Set()
      if (nonces.has(nonce)) return false
      if (entries >= entriesMax) throw new RangeError(`There are ${String(entriesMax)} nonces in use.`)
      nonces.add(nonce)
      entries += 1
      buckets.set(bucket, nonces)
      return true
    },
  }
}
