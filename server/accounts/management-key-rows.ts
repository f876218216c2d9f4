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

/** The management keys that hold a copy of each of these transaction keys, oldest first. */
export async function selectHolders(
  db: Executor,
  accountId: string,
  transactionKeyIds: readonly string[],
): Promise<{ transactionKeyId: string; managementKey: ManagementKey }[]> {
  return db
    .select({ transactionKeyId: wrappedKeys.transactionKeyId, managementKey: managementKeys })
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
}
