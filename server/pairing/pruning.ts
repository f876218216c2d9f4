import type { PruningDatabases } from '../database/pruning.ts'

/** Rows that one statement removes, so that no lock is held for long. */
const batchMax = 5000

/**
 * Removes pairings whose time is over.
 *
 * @returns whether there may be more of them
 */
export async function prunePairings({ writes }: PruningDatabases): Promise<boolean> {
  const [row] = await writes.sql<{ removed: number }[]>`SELECT prune_pairings(${batchMax}) AS removed`
  return row?.removed === batchMax
}
