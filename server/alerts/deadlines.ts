import type { JobDatabases } from '../database/connect.ts'

/** Deadlines that one statement takes. */
const batchMax = 1000

/**
 * Stores the alerts of deadlines that are due, and arms again what was taken while the clock was ahead. Any number of
 * servers may do so at once: each deadline is taken by one.
 *
 * Due deadlines are found by their time, so a sweep with nothing due costs the same whatever the number of keys (0.8 ms with
 * 1,000,000 of them, the round trip included), and 10,000 that are due at once are stored in a fraction of a second:
 *
 *     Limit
 *       ->  LockRows
 *             ->  Index Scan using deadlines_due on deadlines
 *                   Index Cond: (due_at <= $1)
 *
 * A deadline that was taken stays as a row, so that it can be armed again: as many rows as its key has deadlines, for as long
 * as the key has this term.
 *
 * test/load/deadlines.test.ts holds the stored function to this plan, bench/deadlines.ts has the figures.
 *
 * @returns whether more may be due at once, or the milliseconds until the next one is
 */
export async function sweepDeadlines({ writes }: JobDatabases): Promise<boolean | number> {
  const [row] = await writes.sql<{ taken: number; next_ms: number | null }[]>`
    SELECT sweep_deadlines(${batchMax}) AS taken, next_deadline_ms() AS next_ms`
  return row?.taken === batchMax || (row?.next_ms ?? false)
}
