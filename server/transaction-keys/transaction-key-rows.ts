import { and, eq, getTableColumns, inArray, sql, type SQL } from 'drizzle-orm'
import type { TransactionKey } from '../../schema/graphql/domain.ts'
import { transactionKeys, transactionKeyUsage } from '../../schema/tables/index.ts'
import type { Executor } from '../database/connect.ts'
import type { TransactionKeyState } from '../../schema/wire/enums.ts'

/** A key's state by the database's clock, computed when it is read so that it is never late. */
export const stateExpression = sql<TransactionKeyState>`transaction_key_state(
  ${transactionKeyUsage.revokedAt}, ${transactionKeys.notBefore}, ${transactionKeys.expiresAt}, statement_timestamp())`

const {
  contentHash: _contentHash,
  hasDefaultNotices: _hasDefaultNotices,
  ...ownColumns
} = getTableColumns(transactionKeys)

const columns = {
  ...ownColumns,
  state: stateExpression,
  maxUses: transactionKeyUsage.maxUses,
  useCount: transactionKeyUsage.useCount,
  refusedCount: transactionKeyUsage.refusedCount,
  overusePolicy: transactionKeyUsage.overusePolicy,
  lastUsedAt: transactionKeyUsage.lastUsedAt,
  revokedAt: transactionKeyUsage.revokedAt,
  revocationReason: transactionKeyUsage.revocationReason,
}

/** Joins a key with its usage. */
export const ofSameKey = and(
  eq(transactionKeyUsage.accountId, transactionKeys.accountId),
  eq(transactionKeyUsage.transactionKeyId, transactionKeys.id),
)

/** A query for the keys that fulfil `condition`, without order and limit. */
export function selectTransactionKeys(db: Executor, condition: SQL | undefined) {
  return db
    .select(columns)
    .from(transactionKeys)
    .innerJoin(transactionKeyUsage, ofSameKey)
    .where(condition)
    .$dynamic()
}

/** The keys with these ids, in no order. Ids that are unknown are left out. */
export async function selectTransactionKeysById(
  db: Executor,
  accountId: string,
  ids: readonly string[],
): Promise<TransactionKey[]> {
  return selectTransactionKeys(
    db,
    and(eq(transactionKeys.accountId, accountId), inArray(transactionKeys.id, [...ids])),
  )
}

/** Null when the account has no such key. */
export async function selectTransactionKey(
  db: Executor,
  accountId: string,
  id: string,
): Promise<TransactionKey | null> {
  const [key] = await selectTransactionKeysById(db, accountId, [id])
  return key ?? null
}
