import { VaultError } from '../errors.ts'

/** This device's clock, corrected by what a server said of its own, within bounds. */
export interface Clock {
  /** Unix seconds, whole. */
  nowSeconds(): number
  /** By how much the device's own clock is corrected, in milliseconds. */
  readonly correctionMs: number
  /**
   * Takes over a server's time when it is at most 5 minutes from the device's own, however often it was corrected before.
   * A server that lies could otherwise have requests signed for whenever it likes, keep them, and send them then.
   *
   * @throws {VaultError} CLOCKS_DIFFER, with both times. Then the clock stays as it was.
   */
  correct(serverTime: Date): void
  /** A clock of this device for another server: it has this one's correction until it gets one of its own. */
  branch(): Clock
}

/** How far from the device's own clock: more than clocks run apart in months, and too little to store requests up. */
const correctionSecondsMax = 5 * 60

/** @param now the device's own clock, milliseconds since 1970, as `Date.now`. */
export function createClock(now: () => number = () => Date.now()): Clock {
  return correctable(now, () => 0)
}

/** The error that says two clocks differ too much, and names both. Takes milliseconds since 1970. */
export function clocksDiffer(
  { hereMs, thereMs }: { readonly hereMs: number; readonly thereMs: number },
  differenceSecondsMax: number,
): VaultError {
  const seconds = Math.round(Math.abs(thereMs - hereMs) / 1000)
  const detail =
    `This device's clock says ${textOf(hereMs)}, the other one ${textOf(thereMs)}: ${String(seconds)} seconds apart, ` +
    `and at most ${String(differenceSecondsMax)} are made up for. Set the clock that is wrong, and try again.`
  return new VaultError('CLOCKS_DIFFER', { detail })
}

function correctable(now: () => number, initialCorrectionMs: () => number): Clock {
  let correctedMs: number | null = null
  const correctionMs = () => correctedMs ?? initialCorrectionMs()
  return {
    nowSeconds: () => Math.floor((now() + correctionMs()) / 1000),
    get correctionMs() {
      return correctionMs()
    },
    correct: (serverTime) => {
      const [hereMs, thereMs] = [now(), serverTime.getTime()]
      const secondsMax = correctionSecondsMax
      if (!(Math.abs(thereMs - hereMs) <= secondsMax * 1000))
        throw clocksDiffer({ hereMs, thereMs }, secondsMax)
      correctedMs = thereMs - hereMs
    },
    branch: () => correctable(now, correctionMs),
  }
}

function textOf(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? 'no time' : date.toISOString()
}
