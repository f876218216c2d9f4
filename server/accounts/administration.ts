import { asc, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import { accounts, accountUsage } from '../../schema/tables/index.ts'
import type { QuotaName } from '../../schema/wire/errors.ts'
import type { Executor } from '../database/connect.ts'

/** An account as the operator sees it, without its keys. */
export interface AdministeredAccount {
  readonly id: string
  readonly name: string
  readonly createdAt: Date
  /** Null: it is not suspended. */
  readonly suspendedAt: Date | null
}

const columns = {
  id: accounts.id,
  name: accounts.name,
  createdAt: accounts.createdAt,
  suspendedAt: accounts.suspendedAt,
}

/** By name. @param after the last name of the page before */
export function listAccounts(
  db: Executor,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<AdministeredAccount[]> {
  return db
    .select(columns)
    .from(accounts)
    .where(sql`${accounts.name} COLLATE "C" > ${after}`)
    .orderBy(asc(sql`${accounts.name} COLLATE "C"`))
    .limit(limit)
}

/** Null when there is none. */
export async function findAccount(db: Executor, id: string): Promise<AdministeredAccount | null> {
  const [account] = await db.select(columns).from(accounts).where(eq(accounts.id, id))
  return account ?? null
}

const changedRow = z.object({ changed: z.boolean() })

/** Suspends an account, or ends its suspension. @returns false when that changes nothing, or there is no such account */
export async function setSuspended(tx: Executor, id: string, isSuspended: boolean): Promise<boolean> {
  const [row] = await tx.execute(sql`SELECT suspend_account(${id}, ${isSuspended}) AS changed`)
  return changedRow.parse(row).changed
}

/** Deletes an account and everything in it. @returns false when there is no such account */
export async function deleteAccount(tx: Executor, id: string): Promise<boolean> {
  const [row] = await tx.execute(sql`SELECT delete_account(${id}) AS changed`)
  return changedRow.parse(row).changed
}

/** Sets quotas of one account; null lets the setting for all accounts hold again. A missing quota stays. */
export async function setQuotas(
  tx: Executor,
  id: string,
  quotas: Partial<Readonly<Record<QuotaName, number | null>>>,
): Promise<void> {
  const set = {
    ...(quotas.transactionKeys !== undefined && { transactionKeysMax: quotas.transactionKeys }),
    ...(quotas.managementKeys !== undefined && { managementKeysMax: quotas.managementKeys }),
    ...(quotas.webhooks !== undefined && { webhooksMax: quotas.webhooks }),
    ...(quotas.storedBytes !== undefined && { storedBytesMax: quotas.storedBytes }),
  }
  // Counts what there is, when nothing was counted yet.
  await tx.execute(sql`SELECT FROM add_usage(${id}, 0, 0, 0, 0)`)
  await tx.update(accountUsage).set(set).where(eq(accountUsage.accountId, id))
}
