import { sql } from 'drizzle-orm'
import type { Executor } from '../database/connect.ts'

/*
 * One lock for an account's set of management keys, so that no copy is stored for a key that is just being revoked, and
 * of the last two no two are revoked at once. It is taken before anything else in a transaction: rows of management
 * keys are also locked, for a moment, by every claim of a signature, in no order that could be kept.
 */

/** For who adds or revokes a management key. */
export async function lockManagementKeys(tx: Executor, accountId: string): Promise<void> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(${lockNumber(accountId)})`)
}

/** For who relies on management keys staying active. Shared: they do not wait for each other. */
export async function holdManagementKeys(tx: Executor, accountId: string): Promise<void> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock_shared(${lockNumber(accountId)})`)
}

function lockNumber(accountId: string) {
  return sql`hashtextextended('claviger management keys ' || ${accountId}::text, 0)`
}
