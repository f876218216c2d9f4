const minuteMs = 60_000
const firstDelayMsMax = 5_000
const delayMsMax = 60 * minuteMs
/** How long delivery of an alert is tried. */
const triedMs = 3 * 24 * 60 * minuteMs

/**
 * How long to wait after a failed attempt, in milliseconds: at random from nothing to a bound that doubles with each
 * failure, from 5 seconds to an hour (full jitter), so that receivers that come back do not meet all at once.
 *
 * @param failures failed attempts in a row, this one included
 * @param random a number from 0 to 1
 */
export function retryDelayMs(failures: number, random: number): number {
  return Math.round(random * retryDelayMsMax(failures))
}

/** The longest wait after so many failed attempts in a row, in milliseconds. */
export function retryDelayMsMax(failures: number): number {
  return Math.min(delayMsMax, firstDelayMsMax * 2 ** (failures - 1))
}

/**
 * Whether an attempt that failed was the last one of this alert: the receiver has taken nothing for three days, and the
 * alert is that old. So each alert is tried at least once, and one that the receiver will never take does not hold up
 * those behind it for longer.
 */
export function isLastAttempt(attempt: {
  /** The time that has come for certain: a dead letter is not tried again by itself. */
  readonly now: Date
  /** When the first attempt failed since the last delivery; null when this one is the first. */
  readonly failingSince: Date | null
  readonly occurredAt: Date
}): boolean {
  const { now, failingSince, occurredAt } = attempt
  if (failingSince === null) return false
  return now.getTime() - Math.max(failingSince.getTime(), occurredAt.getTime()) >= triedMs
}
