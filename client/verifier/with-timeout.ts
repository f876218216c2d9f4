/** What `promise` resolves to, or `late` after `ms` milliseconds; what it does then is nobody's concern. */
export function withTimeout<T>(promise: Promise<T>, ms: number): Promise<T | 'late'> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      resolve('late')
    }, ms)
    promise.then(resolve, reject).finally(() => {
      clearTimeout(timer)
    })
  })
}
