import type { JobDatabases } from '../database/connect.ts'

/** Maximum number of entries that one statement seals, which takes about 25 ms. */
const batchMax = 1000
/** The pause after a run that sealed something. Others may be longer: an audit log that is read is sealed first. */
const busyMs = 250

/**
 * Seals entries of any accounts: gives them their order, and chains them. Any number of servers may do so at once; none of
 * them waits for another.
 *
 * @returns whether more may be left, or the milliseconds until the next run
 */
export async function sealAuditEntries(databases: JobDatabases): Promise<boolean | number> {
  const sealed = await seal(databases, null)
  return sealed === batchMax || (sealed > 0 && busyMs)
}

/** Seals everything that an account's committed transactions have recorded. */
export async function sealAuditLog(databases: JobDatabases, accountId: string): Promise<void> {
  while ((await seal(databases, accountId)) === batchMax);
}

async function seal({ writes }: JobDatabases, accountId: string | null): Promise<number> {
  const [row] = await writes.sql<{ sealed: number }[]>`
    SELECT seal_audit_entries(${accountId}::uuid, ${batchMax}) AS sealed`
  return row?.sealed ?? 0
}
