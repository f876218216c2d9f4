import { and, eq, sql } from 'drizzle-orm'
import { deadlines, transactionKeys, transactionKeyUsage, wrappedKeys } from '../../schema/tables/index.ts'
import { raiseAlert } from '../alerts/raise.ts'
import { recordAudit } from '../audit/record.ts'
import type { SignedTransaction } from '../auth/signed-request.ts'
import { recordKeyChange } from '../key-changes/record.ts'
import { assertKeyRevocation, type ReceivedRevocation } from '../auth/revocation-statement.ts'
import { lockTransactionKey } from './lock.ts'
import { selectTransactionKey } from './transaction-key-rows.ts'
import type { RevocationReason } from '../../schema/wire/enums.ts'

/**
 * Revokes a key for good: it is no longer acquired, no longer valid, and has no deadlines left. The owner is alerted once.
 * Repeated, it adds the signed revocation when none is stored, and changes nothing else: the first reason stays.
 *
 * @throws {KeyServerError} NOT_FOUND; BAD_USER_INPUT for the revocation
 */
export async function revokeTransactionKey(
  signed: SignedTransaction,
  id: string,
  {
    reason,
    revocation,
  }: { readonly reason: RevocationReason; readonly revocation: ReceivedRevocation | null },
): Promise<void> {
  const { isRevoked } = await lockTransactionKey(signed, id)
  const isStored = await storeRevocation(signed, id, { revocation, reason })
  if (isRevoked && !isStored) return
  await recordAudit(signed, [{ action: 'KEY_REVOKED', transactionKeyId: id }])
  if (isRevoked) return
  await markRevoked(signed, id, reason)
  await recordKeyChange(signed, id, reason === 'SUPERSEDED' ? 'SUPERSEDED' : 'REVOKED')
}

/**
 * Erases a key's wrapped keys, and revokes it unless it is revoked already.
 *
 * @throws {KeyServerError} NOT_FOUND; BAD_USER_INPUT for the revocation
 */
export async function destroyTransactionKey(
  signed: SignedTransaction,
  id: string,
  revocation: ReceivedRevocation | null,
): Promise<void> {
  const { isRevoked } = await lockTransactionKey(signed, id)
  const isStored = await storeRevocation(signed, id, { revocation, reason: 'UNSPECIFIED' })
  const { tx, accountId } = signed
  const erased = await tx
    .delete(wrappedKeys)
    .where(and(eq(wrappedKeys.accountId, accountId), eq(wrappedKeys.transactionKeyId, id)))
    .returning({ transactionKeyId: wrappedKeys.transactionKeyId })
  if (isRevoked && !isStored && erased.length === 0) return
  await recordAudit(signed, [{ action: 'KEY_DESTROYED', transactionKeyId: id }])
  if (!isRevoked) await markRevoked(signed, id, 'UNSPECIFIED')
  if (!isRevoked || erased.length > 0) await recordKeyChange(signed, id, 'DESTROYED')
}

/**
 * Stores the signed revocation unless one is stored. Its reason must be the stored one when the key is revoked already.
 *
 * @returns whether it was stored now
 */
async function storeRevocation(
  signed: SignedTransaction,
  id: string,
  {
    revocation,
    reason,
  }: { readonly revocation: ReceivedRevocation | null; readonly reason: RevocationReason },
): Promise<boolean> {
  if (revocation === null) return false
  const { tx, accountId } = signed
  const key = await selectTransactionKey(tx, accountId, id)
  if (key === null) throw new TypeError('A locked transaction key has no row.')
  if (key.revocation !== null) return false
  await assertKeyRevocation(signed, revocation, { ...key, reason: key.revocationReason ?? reason })
  await tx
    .update(transactionKeys)
    .set({ revocation: revocation.compact })
    .where(and(eq(transactionKeys.accountId, accountId), eq(transactionKeys.id, id)))
  return true
}

async function markRevoked(
  { tx, accountId }: SignedTransaction,
  id: string,
  reason: RevocationReason,
): Promise<void> {
  await tx
    .update(transactionKeyUsage)
    .set({ revokedAt: sql`statement_timestamp()`, revocationReason: reason })
    .where(and(eq(transactionKeyUsage.accountId, accountId), eq(transactionKeyUsage.transactionKeyId, id)))
  await tx
    .delete(deadlines)
    .where(and(eq(deadlines.accountId, accountId), eq(deadlines.transactionKeyId, id)))
  await raiseAlert({ tx, accountId }, { kind: 'KEY_REVOKED', transactionKeyId: id, details: { reason } })
}
