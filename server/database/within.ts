/**
 * Waits for the database for a limited time. postgres.js has a time-out for connecting only.
 *
 * @throws Error in words when it takes longer
 */
export async function within<T>(ms: number, work: PromiseLike<T>): Promise<T> {
  const { promise: tooSlow, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => reject(new Error(`The database gave no answer within ${String(ms / 1000)} seconds.`)),
    ms,
  )
  try {
    return await Promise.race([work, tooSlow])
  } finally {
    clearTimeout(timer)
  }
}
