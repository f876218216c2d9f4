/** Both clocks of a machine, for tests to set. */
export interface VerifierClocks {
  /** Milliseconds since 1970. It may be set forward and back. */
  readonly nowMs: () => number
  /** Milliseconds, never set back. It may stand still while the machine sleeps. */
  readonly monotonicMs: () => number
}

export const systemClocks: VerifierClocks = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
}

/** A moment by both clocks. */
export interface ClockReading {
  readonly nowMs: number
  readonly monotonicMs: number
}

export function readClocks({ nowMs, monotonicMs }: VerifierClocks): ClockReading {
  return { nowMs: nowMs(), monotonicMs: monotonicMs() }
}

/** Milliseconds since a moment, by whichever clock has gone further: what is remembered never lasts too long. */
export function elapsedMs(moment: ClockReading, { nowMs, monotonicMs }: VerifierClocks): number {
  return Math.max(nowMs() - moment.nowMs, monotonicMs() - moment.monotonicMs)
}
