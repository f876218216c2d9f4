/** What `promise` resolves to, or `late` after `ms` milliseconds; what it does then is nobody's concern. */
export async function inTime<T>(promise: Promise<T>, ms: number): Promise<T | 'late'> {
  const { promise: late, resolve } = Promise.withResolvers<'late'>()
  const timer = setTimeout(() => {
    resolve('late')
  }, ms)
  promise.catch(() => undefined)
  return Promise.race([promise, late]).finally(() => {
    clearTimeout(timer)
  })
}
