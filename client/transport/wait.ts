/** Resolves after `ms` milliseconds, or as soon as `signal` is aborted. Never rejects. */
export function wait(ms: number, signal?: AbortSignal | null): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve()
      return
    }
    const finish = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', finish)
      resolve()
    }
    const timer = setTimeout(finish, ms)
    signal?.addEventListener('abort', finish)
  })
}

/** Settles as `promise` does, or to null as soon as `signal` is aborted. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | null> {
  const aborted = new Promise<null>((resolve) => {
    const finish = () => {
      resolve(null)
    }
    signal.addEventListener('abort', finish, { once: true })
    const forget = () => {
      signal.removeEventListener('abort', finish)
    }
    promise.then(forget, forget)
  })
  return Promise.race([promise, aborted])
}
