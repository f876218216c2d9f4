import type { JobDatabases } from '../database/connect.ts'

/** About how many alerts one statement removes. */
const batchMax = 2000

/**
 * Removes alerts that are older than `retentionDays`, and raises their accounts' low-water marks in the same
 * statement. Any number of servers may do so at once; none of them waits for a lock.
 *
 * @returns whether more may be left
 */
export async function pruneAlerts(
  { writes }: JobDatabases,
  { retentionDays }: { readonly retentionDays: number },
): Promise<boolean> {
  const [row] = await writes.sql<{ removed: number }[]>`
    SELECT prune_alerts(${retentionDays}, ${batchMax}) AS removed`
  return row !== undefined && row.removed >= batchMax
}
