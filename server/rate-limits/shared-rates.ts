import type postgres from 'postgres'
import { z } from 'zod'
import type { PruningDatabases } from '../database/pruning.ts'
import type { RateLimit } from './rate-limiter.ts'

/**
 * Takes one of a limit that all servers of the database count together.
 *
 * @param asked.client what the database holds of an address
 * @returns how many seconds it takes until there is one to take; 0 when it was taken
 */
export async function takeShared(
  sql: postgres.Sql,
  { name, client, count, seconds }: RateLimit & { readonly name: string; readonly client: string },
): Promise<number> {
  const [row] = await sql`SELECT take_rate(${name}, ${client}, ${count}, ${seconds}) AS wait`
  return waitRow.parse(row).wait
}

const waitRow = z.object({ wait: z.number() })

/** Rows that one statement removes, so that no lock is held for long. */
const batchMax = 5000

/**
 * Removes what is refilled, and what a wrong clock has filled far ahead.
 *
 * @returns whether there may be more of them
 */
export async function pruneRates({ writes }: PruningDatabases): Promise<boolean> {
  const [row] = await writes.sql<{ removed: number }[]>`SELECT prune_rates(${batchMax}) AS removed`
  return row?.removed === batchMax
}
