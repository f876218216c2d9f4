/** The two clocks of a machine. */
export interface VerifierClocks {
  /** Milliseconds since 1970. It can be set forward and back. */
  readonly nowMs: () => number
  /** Milliseconds. It is never set back, and may stop while the machine sleeps. */
  readonly monotonicMs: () => number
}

export const systemClocks: VerifierClocks = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
}

/** A reading of both clocks. */
export interface ClockReading {
  readonly nowMs: number
  readonly monotonicMs: number
}

export function readClocks({ nowMs, monotonicMs }: VerifierClocks): ClockReading {
  return { nowMs: nowMs(), monotonicMs: monotonicMs() }
}

/** Milliseconds since a reading, by the clock that has advanced further: what is cached never lasts too long. */
export function elapsedMs(reading: ClockReading, { nowMs, monotonicMs }: VerifierClocks): number {
  return Math.max(nowMs() - reading.nowMs, monotonicMs() - reading.monotonicMs)
}
