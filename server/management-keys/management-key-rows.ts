import { and, eq, inArray, isNull, sql } from 'drizzle-orm'
import type { ManagementKey } from '../../schema/graphql/domain.ts'
import { managementKeys, wrappedKeys } from '../../schema/tables/index.ts'
import type { Executor } from '../database/connect.ts'

/** Oldest first. */
export async function selectManagementKeys(
  db: Executor,
  accountId: string,
  { includeRevoked }: { includeRevoked: boolean },
): Promise<ManagementKey[]> {
  return db
    .select()
    .from(managementKeys)
    .where(
      and(
        eq(managementKeys.accountId, accountId),
        includeRevoked ? undefined : isNull(managementKeys.revokedAt),
      ),
    )
    .orderBy(managementKeys.createdAt, managementKeys.id)
}

export async function selectManagementKeysById(
  db: Executor,
  accountId: string,
  ids: readonly string[],
): Promise<ManagementKey[]> {
  return db
    .select()
    .from(managementKeys)
    .where(and(eq(managementKeys.accountId, accountId), inArray(managementKeys.id, [...ids])))
}

/**
 * The management keys that hold a copy of each of these transaction keys, oldest first. Each is read once, however many
 * copies it holds: a page of keys may have 10,000.
 */
export async function selectHolders(
  db: Executor,
  accountId: string,
  transactionKeyIds: readonly string[],
): Promise<{ transactionKeyId: string; managementKey: ManagementKey }[]> {
  const copies = await db
    .select({ transactionKeyId: wrappedKeys.transactionKeyId, managementKeyId: managementKeys.id })
    .from(wrappedKeys)
    .innerJoin(
      managementKeys,
      and(
        eq(managementKeys.accountId, wrappedKeys.accountId),
        eq(managementKeys.id, wrappedKeys.managementKeyId),
      ),
    )
    .where(
      and(
        eq(wrappedKeys.accountId, accountId),
        inArray(wrappedKeys.transactionKeyId, [...transactionKeyIds]),
      ),
    )
    .orderBy(managementKeys.createdAt, sql`${managementKeys.id}`)
  const ids = [...new Set(copies.map(({ managementKeyId }) => managementKeyId))]
  const keys = ids.length === 0 ? [] : await selectManagementKeysById(db, accountId, ids)
  const byId = new Map(keys.map((key) => [key.id, key]))
  return copies.flatMap(({ transactionKeyId, managementKeyId }) => {
    const managementKey = byId.get(managementKeyId)
    return managementKey === undefined ? [] : [{ transactionKeyId, managementKey }]
  })
}
