import type { JobDatabases } from '../database/connect.ts'

/** Maximum number of rows that one statement removes, so that no lock is held for long. */
const batchMax = 5000

/**
 * Removes expired pairings.
 *
 * @returns whether more may be left
 */
export async function prunePairings({ writes }: JobDatabases): Promise<boolean> {
  const [row] = await writes.sql<{ removed: number }[]>`SELECT prune_pairings(${batchMax}) AS removed`
  return row?.removed === batchMax
}
