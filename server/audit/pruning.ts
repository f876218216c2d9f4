import type { JobDatabases } from '../database/connect.ts'

/** About how many entries one statement removes. */
const batchMax = 2000

/**
 * Removes entries of audit logs that are older than `retentionDays`, and records the number and hash of the last one in the
 * same statement.
 *
 * @returns whether more may be left
 */
export async function pruneAuditEntries(
  { writes }: JobDatabases,
  { retentionDays }: { readonly retentionDays: number },
): Promise<boolean> {
  const [row] = await writes.sql<{ removed: number }[]>`
    SELECT prune_audit_entries(${retentionDays}, ${batchMax}) AS removed`
  return row !== undefined && row.removed >= batchMax
}
