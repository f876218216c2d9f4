import { and, eq, sql } from 'drizzle-orm'
import type { RevocationReason } from '../../schema/graphql/domain.ts'
import { deadlines, transactionKeyUsage, wrappedKeys } from '../../schema/tables/index.ts'
import type { SignedTransaction } from '../authentication/authentication.ts'
import { recordKeyChange } from '../key-changes/record.ts'
import { lockTransactionKey } from './lock.ts'

/**
 * Revokes a key for good: it is no longer acquired, no longer valid, and has no more deadlines. The owner is alerted
 * once; repeated, it changes nothing, and the first reason stays.
 *
 * @throws {KeyServerError} NOT_FOUND
 */
export async function revokeTransactionKey(
  signed: SignedTransaction,
  id: string,
  reason: RevocationReason,
): Promise<void> {
  const { isRevoked } = await lockTransactionKey(signed, id)
  if (isRevoked) return
  await markRevoked(signed, id, reason)
  await recordKeyChange(signed, id, reason === 'SUPERSEDED' ? 'SUPERSEDED' : 'REVOKED')
}

/**
 * Erases the wrapped copies of a key, and revokes it if it was not.
 *
 * @throws {KeyServerError} NOT_FOUND
 */
export async function destroyTransactionKey(signed: SignedTransaction, id: string): Promise<void> {
  const { isRevoked } = await lockTransactionKey(signed, id)
  const { tx, accountId } = signed
  const erased = await tx
    .delete(wrappedKeys)
    .where(and(eq(wrappedKeys.accountId, accountId), eq(wrappedKeys.transactionKeyId, id)))
    .returning({ transactionKeyId: wrappedKeys.transactionKeyId })
  if (!isRevoked) await markRevoked(signed, id, 'UNSPECIFIED')
  if (!isRevoked || erased.length > 0) await recordKeyChange(signed, id, 'DESTROYED')
}

async function markRevoked(
  { tx, accountId }: SignedTransaction,
  id: string,
  reason: RevocationReason,
): Promise<void> {
  await tx
    .update(transactionKeyUsage)
    .set({ revokedAt: sql`clock_timestamp()`, revocationReason: reason })
    .where(and(eq(transactionKeyUsage.accountId, accountId), eq(transactionKeyUsage.transactionKeyId, id)))
  await tx
    .delete(deadlines)
    .where(and(eq(deadlines.accountId, accountId), eq(deadlines.transactionKeyId, id)))
  await tx.execute(
    sql`SELECT raise_alert(${accountId}, 'KEY_REVOKED', ${id}, NULL, jsonb_build_object('reason', ${reason}::text))`,
  )
}
