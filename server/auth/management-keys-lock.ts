import { sql } from 'drizzle-orm'
import type { Executor } from '../database/connect.ts'

/*
 * One lock for an account's set of management keys, so that no key is wrapped for a management key that is just being revoked,
 * and the last two are not revoked at once. It is the first lock of a transaction (schema/functions/README.md), and is taken
 * where the account's row is.
 */

/** Exclusive: for transactions that add or revoke a management key. */
export async function lockManagementKeys(tx: Executor, accountId: string): Promise<void> {
  await tx.execute(sql`SELECT take_management_keys_lock(${accountId}, false)`)
}

/** Shared: for transactions that rely on management keys staying active. They do not wait for each other. */
export async function holdManagementKeys(tx: Executor, accountId: string): Promise<void> {
  await tx.execute(sql`SELECT take_management_keys_lock(${accountId}, true)`)
}
