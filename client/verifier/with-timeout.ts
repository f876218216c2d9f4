/** Resolves as `promise` does, or to `timeout` after `ms` milliseconds; a later outcome of `promise` is ignored. */
export function withTimeout<T>(promise: Promise<T>, ms: number): Promise<T | 'timeout'> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      resolve('timeout')
    }, ms)
    promise.then(resolve, reject).finally(() => {
      clearTimeout(timer)
    })
  })
}
