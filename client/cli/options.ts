import { InvalidArgumentError } from 'commander'

/*
 * Parsers of the options' texts. Each parser throws commander's InvalidArgumentError, whose message ends the sentence
 * "option '--x' argument 'y' is invalid."
 */

/** GraphQL's Int. */
const integerMax = 2_147_483_647

const unitSeconds: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86_400],
  ['w', 604_800],
])

/** Seconds of a duration such as `90s`, `15m`, `12h`, `30d` or `4w`. */
export function parseDuration(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,9})([smhdw])$/.exec(text) ?? []
  const seconds = Number(count) * (unitSeconds.get(unit) ?? 0)
  if (seconds < 1 || seconds > integerMax) {
    throw new InvalidArgumentError('A duration is a number and one of s, m, h, d, w: 12h, 30d.')
  }
  return seconds
}

/** Durations with commas between them, in seconds. */
export function parseDurations(text: string): number[] {
  return text.split(',').map((item) => parseDuration(item.trim()))
}

/** RFC 3339 with seconds and an offset: what `new Date` takes beyond it depends on the machine's time zone. */
const instantForm = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/

/** An instant: RFC 3339, or a duration from now on by this machine's clock. */
export function parseInstant(text: string, now: number = Date.now()): Date {
  if (/^\d+[a-z]$/.test(text)) return new Date(now + parseDuration(text) * 1000)
  const instant = instantForm.test(text) ? new Date(text) : null
  if (instant === null || Number.isNaN(instant.getTime()) || !isOnCalendar(text)) {
    throw new InvalidArgumentError('A time is like 2027-01-01T00:00:00Z, or a duration from now on like 30d.')
  }
  return instant
}

/** An instant: RFC 3339, or a duration before now by this machine's clock. */
export function parsePastInstant(text: string, now: number = Date.now()): Date {
  if (/^\d+[a-z]$/.test(text)) return new Date(now - parseDuration(text) * 1000)
  return parseInstant(text, now)
}

/** `new Date` takes February 30 for March 2, and hour 24 for the next day. */
function isOnCalendar(text: string): boolean {
  const [date = '', hour = ''] = text.split(/[Tt:]/)
  return new Date(`${date}T00:00:00Z`).toISOString().startsWith(date) && Number(hour) < 24
}

/** A whole number from 1. */
export function parseCount(text: string): number {
  const count = /^\d{1,10}$/.test(text) ? Number(text) : 0
  if (count < 1 || count > integerMax) {
    throw new InvalidArgumentError(`It is a whole number from 1 to ${integerMax}.`)
  }
  return count
}

/** Makes a parser of names; upper and lower case are the same. */
export function parserOf<T extends string>(names: readonly T[]): (text: string) => T {
  return (text) => {
    const found = names.find((name) => name.toLowerCase() === text.toLowerCase())
    if (found === undefined) throw new InvalidArgumentError(`It is one of ${names.join(', ')}.`)
    return found
  }
}

/** Makes a parser of names with commas between them. */
export function listParserOf<T extends string>(names: readonly T[]): (text: string) => T[] {
  const parse = parserOf(names)
  return (text) => text.split(',').map((item) => parse(item.trim()))
}
