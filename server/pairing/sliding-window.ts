/** Grants at most so many in any stretch of time. */
export interface SlidingWindow {
  /** Whether one more is granted; then it counts. */
  take(): boolean
}

/** @param options.now milliseconds on a clock that is never set, as `performance.now` */
export function slidingWindow({
  countMax,
  windowMs,
  now = () => performance.now(),
}: {
  readonly countMax: number
  readonly windowMs: number
  readonly now?: () => number
}): SlidingWindow {
  /** When each was granted, oldest first: never more than `countMax`. */
  const grantedAt: number[] = []
  return {
    take: () => {
      const time = now()
      while ((grantedAt[0] ?? Infinity) <= time - windowMs) grantedAt.shift()
      if (grantedAt.length >= countMax) return false
      grantedAt.push(time)
      return true
    },
  }
}
