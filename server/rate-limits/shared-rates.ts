import type postgres from 'postgres'
import { z } from 'zod'
import type { JobDatabases } from '../database/connect.ts'
import type { RateLimit } from './rate-limiter.ts'

/**
 * Takes one from a limit that all servers of the database count together.
 *
 * @param limit.client a digest of the address
 * @returns the seconds until one can be taken; 0 when it was taken
 */
export async function takeShared(
  sql: postgres.Sql,
  { name, client, count, seconds }: RateLimit & { readonly name: string; readonly client: string },
): Promise<number> {
  const [row] = await sql`SELECT take_rate(${name}, ${client}, ${count}, ${seconds}) AS wait`
  return waitRow.parse(row).wait
}

const waitRow = z.object({ wait: z.number() })

/** Maximum number of rows that one statement removes, so that no lock is held for long. */
const batchMax = 5000

/**
 * Removes rates that are refilled, and those that a wrong clock has dated far ahead.
 *
 * @returns whether more may be left
 */
export async function pruneRates({ writes }: JobDatabases): Promise<boolean> {
  const [row] = await writes.sql<{ removed: number }[]>`SELECT prune_rates(${batchMax}) AS removed`
  return row?.removed === batchMax
}
