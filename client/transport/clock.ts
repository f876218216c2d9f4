/** This device's clock, corrected by what the key server said of its own. */
export interface Clock {
  /** Unix seconds, whole. */
  nowSeconds(): number
  /** Takes over the key server's time. */
  correct(serverTime: Date): void
}

/** @param now milliseconds since 1970, as `Date.now`. */
export function createClock(now: () => number = Date.now): Clock {
  let offsetMs = 0
  return {
    nowSeconds: () => Math.floor((now() + offsetMs) / 1000),
    correct: (serverTime) => {
      offsetMs = serverTime.getTime() - now()
    },
  }
}
