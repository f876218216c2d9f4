import type { PruningDatabases } from '../database/pruning.ts'

/** Entries that one statement removes, about. */
const batchMax = 2000

/**
 * Removes entries of audit logs that are older than `retentionDays`, and notes the last of them with its chain in the same
 * statement.
 *
 * @returns whether there may be more of them
 */
export async function pruneAuditEntries(
  { writes }: PruningDatabases,
  { retentionDays }: { readonly retentionDays: number },
): Promise<boolean> {
  const [row] = await writes.sql<{ removed: number }[]>`
    SELECT prune_audit_entries(${retentionDays}, ${batchMax}) AS removed`
  return row !== undefined && row.removed >= batchMax
}
