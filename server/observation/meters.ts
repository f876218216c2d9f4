/** The counters and timers of the key server. A call is one addition, cheap enough for hot paths. */
export interface Meters {
  /** A request has ended. @param seconds null for a subscription, which lasts as long as its client likes */
  readonly countRequest: (operation: string, code: string, seconds: number | null) => void
  /** Wrapped keys were released, or refused. */
  readonly countAcquisitions: (outcome: string, count: number) => void
  readonly countVerification: (result: string) => void
  /** An alert was handed to a subscriber so long after it was stored. */
  readonly timeAlert: (seconds: number) => void
}

/** Counts nothing. */
export const noMeters: Meters = {
  countRequest: () => undefined,
  countAcquisitions: () => undefined,
  countVerification: () => undefined,
  timeAlert: () => undefined,
}
