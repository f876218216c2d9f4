import { eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { AccountUsage } from '../../schema/graphql/domain.ts'
import { accountUsage } from '../../schema/tables/index.ts'
import { KeyServerError, quotaNames, type QuotaName } from '../../schema/wire/errors.ts'
import type { SignedTransaction } from '../auth/signed-request.ts'
import type { Executor } from '../database/connect.ts'
import type { Quotas } from './quotas.ts'

type Transaction = Pick<SignedTransaction, 'tx' | 'accountId'>

/** The stored size of some transaction keys. */
interface Stored {
  /** Those that are not revoked. */
  readonly keys: number
  /** Characters of their wrapped keys and signed statements. */
  readonly bytes: number
}

const storedRow = z.object({ keys: z.number(), bytes: z.coerce.number() })

/** The stored size of these keys; of all keys of the account for null. */
async function storedOf(
  { tx, accountId }: Transaction,
  transactionKeyIds: readonly string[] | null,
): Promise<Stored> {
  const [row] = await tx.execute(sql`
    SELECT key_count AS keys, byte_count AS bytes
    FROM stored_of(${accountId}, ${sql.param(transactionKeyIds && [...transactionKeyIds])}::uuid[])`)
  return storedRow.parse(row)
}

const exceededRow = z.object({ quota: z.enum(quotaNames), quota_limit: z.number() })

/**
 * Runs a change of transaction keys, and then counts it, as the last step of the transaction.
 *
 * @param options.transactionKeyIds those that change, which are locked first; null for a transaction that holds the exclusive
 *   lock of the account's management keys, under which nothing else is stored
 * @throws {KeyServerError} QUOTA_EXCEEDED when something was added beyond the account's quota
 */
export async function counted<T>(
  signed: Transaction,
  {
    transactionKeyIds,
    quotas,
  }: { readonly transactionKeyIds: readonly string[] | null; readonly quotas: Quotas },
  work: () => Promise<T>,
): Promise<T> {
  const { tx, accountId } = signed
  if (transactionKeyIds !== null) {
    await tx.execute(sql`
      SELECT FROM transaction_key_usage
      WHERE account_id = ${accountId} AND transaction_key_id = ANY (${sql.param([...transactionKeyIds])}::uuid[])
      ORDER BY transaction_key_id FOR NO KEY UPDATE`)
  }
  const before = await storedOf(signed, transactionKeyIds)
  const result = await work()
  await countChange(signed, { before, after: await storedOf(signed, transactionKeyIds), quotas })
  return result
}

async function countChange(
  { tx, accountId }: Transaction,
  { before, after, quotas }: { readonly before: Stored; readonly after: Stored; readonly quotas: Quotas },
): Promise<void> {
  const added = { keys: after.keys - before.keys, bytes: after.bytes - before.bytes }
  if (added.keys === 0 && added.bytes === 0) return
  const [exceeded] = await tx.execute(sql`
    SELECT * FROM add_usage(
      ${accountId}, ${added.keys}, ${added.bytes}, ${quotas.transactionKeys}, ${quotas.storedBytes})`)
  if (exceeded === undefined) return
  const { quota, quota_limit: limit } = exceededRow.parse(exceeded)
  throw quotaExceeded(quota, limit)
}

const messages: Readonly<Record<QuotaName, string>> = {
  transactionKeys: 'transaction keys that are not revoked',
  managementKeys: 'active management keys',
  webhooks: 'webhooks',
  storedBytes: 'characters of wrapped keys and signed statements',
}

/** A QUOTA_EXCEEDED error. */
export function quotaExceeded(quota: QuotaName, limit: number): KeyServerError {
  return new KeyServerError(
    'QUOTA_EXCEEDED',
    `This account has at most ${String(limit)} ${messages[quota]}.`,
    {
      quota,
      limit,
    },
  )
}

/** The quotas of one account: what the operator has set for it, or else for all. */
export async function quotasOf(tx: Executor, accountId: string, quotas: Quotas): Promise<Quotas> {
  const [own] = await tx
    .select({
      transactionKeys: accountUsage.transactionKeysMax,
      managementKeys: accountUsage.managementKeysMax,
      webhooks: accountUsage.webhooksMax,
      storedBytes: accountUsage.storedBytesMax,
    })
    .from(accountUsage)
    .where(eq(accountUsage.accountId, accountId))
  if (own === undefined) return quotas
  return {
    transactionKeys: own.transactionKeys ?? quotas.transactionKeys,
    managementKeys: own.managementKeys ?? quotas.managementKeys,
    webhooks: own.webhooks ?? quotas.webhooks,
    storedBytes: own.storedBytes ?? quotas.storedBytes,
  }
}

const countsRow = z.object({
  transactionKeys: z.number(),
  storedBytes: z.coerce.number(),
  managementKeys: z.number(),
  webhooks: z.number(),
})

/** An account's use of its quotas. */
export async function selectUsage(tx: Executor, accountId: string, quotas: Quotas): Promise<AccountUsage> {
  const [row] = await tx.execute(sql`
    SELECT coalesce(u.transaction_keys, 0) AS "transactionKeys", coalesce(u.stored_bytes, 0) AS "storedBytes",
      (SELECT count(*)::int FROM management_keys m WHERE m.account_id = a.id AND m.revoked_at IS NULL) AS "managementKeys",
      (SELECT count(*)::int FROM webhooks w WHERE w.account_id = a.id AND w.channel_kind IS NULL) AS webhooks
    FROM accounts a LEFT JOIN account_usage u ON u.account_id = a.id
    WHERE a.id = ${accountId}`)
  const counts = countsRow.parse(row)
  const max = await quotasOf(tx, accountId, quotas)
  return {
    ...counts,
    transactionKeysMax: max.transactionKeys,
    managementKeysMax: max.managementKeys,
    webhooksMax: max.webhooks,
    storedBytesMax: max.storedBytes,
  }
}
