/** A finding of `claviger doctor`. */
export interface Check {
  /** The subject of the check, in a word or two. */
  readonly name: string
  readonly status: 'ok' | 'warning' | 'failed'
  /** In words: what was found and, unless it is ok, what to do. */
  readonly detail: string
}

/** Clocks that differ by more make signed requests fail: statements may be dated no further ahead. */
const clockSecondsMax = 30

/** Runs one check. An error that it throws is its failure. @param explain turns that into words */
export async function check(
  name: string,
  work: () => Promise<string | Omit<Check, 'name'>>,
  explain: (error: unknown) => string,
): Promise<Check> {
  try {
    const found = await work()
    return typeof found === 'string' ? { name, status: 'ok', detail: found } : { name, ...found }
  } catch (error) {
    return { name, status: 'failed', detail: explain(error) }
  }
}

/** Compares a clock with that of this machine. */
export function compareClock(whose: string, theirs: Date): Omit<Check, 'name'> {
  const seconds = Math.round((theirs.getTime() - Date.now()) / 100) / 10
  const detail = `The clock of ${whose} and this machine's differ by ${String(Math.abs(seconds))} seconds.`
  return Math.abs(seconds) <= clockSecondsMax
    ? { status: 'ok', detail }
    : { status: 'failed', detail: `${detail} Set both by NTP.` }
}
