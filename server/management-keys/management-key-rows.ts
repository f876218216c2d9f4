import { and, eq, inArray, isNull, sql } from 'drizzle-orm'
import type { ManagementKey } from '../../schema/graphql/domain.ts'
import { managementKeys, wrappedKeys } from '../../schema/tables/index.ts'
import type { Executor } from '../database/connect.ts'

/** An account's management keys, oldest first. */
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

/** The management keys with these ids, in no order. Ids that are unknown are left out. */
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
 * The management keys that each of these transaction keys is wrapped for, oldest first. Each management key is read once: a
 * page of transaction keys may have 10,000 wrapped keys.
 */
export async function selectWrappedFor(
  db: Executor,
  accountId: string,
  transactionKeyIds: readonly string[],
): Promise<{ transactionKeyId: string; managementKey: ManagementKey }[]> {
  const references = await db
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
  const ids = [...new Set(references.map(({ managementKeyId }) => managementKeyId))]
  const keys = ids.length === 0 ? [] : await selectManagementKeysById(db, accountId, ids)
  const byId = new Map(keys.map((key) => [key.id, key]))
  return references.flatMap(({ transactionKeyId, managementKeyId }) => {
    const managementKey = byId.get(managementKeyId)
    return managementKey === undefined ? [] : [{ transactionKeyId, managementKey }]
  })
}
