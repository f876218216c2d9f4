import type { PruningDatabases } from '../database/pruning.ts'

/** Rows that one statement removes, so that no lock is held for long. */
const batchMax = 5000

/**
 * Removes pairings whose time is over.
 *
 * @returns whether there may be more of them
 */
export async function prunePairings({ writes }: PruningDatabases): Promise<boolean> {
  const removed = await writes.sql`
    DELETE FROM pairings WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM pairings WHERE expires_at < settled_clock() LIMIT ${batchMax}))`
  return removed.count === batchMax
}
