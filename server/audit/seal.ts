import type { PruningDatabases } from '../database/pruning.ts'

/** Entries that one statement seals: about 25 ms. */
const batchMax = 1000

/**
 * Seals entries of any accounts: gives them their order, and chains them. Any number of servers may do so at once; none of
 * them waits for another.
 *
 * @returns whether there may be more of them
 */
export async function sealAuditEntries(databases: PruningDatabases): Promise<boolean> {
  return (await seal(databases, null)) === batchMax
}

/** Seals everything that an account's committed transactions have recorded. */
export async function sealAuditLog(databases: PruningDatabases, accountId: string): Promise<void> {
  while ((await seal(databases, accountId)) === batchMax);
}

async function seal({ writes }: PruningDatabases, accountId: string | null): Promise<number> {
  const [row] = await writes.sql<{ sealed: number }[]>`
    SELECT seal_audit_entries(${accountId}::uuid, ${batchMax}) AS sealed`
  return row?.sealed ?? 0
}
