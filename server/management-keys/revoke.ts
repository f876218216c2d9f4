import { and, eq, isNull, ne, sql } from 'drizzle-orm'
import { managementKeys, wrappedKeys } from '../../schema/tables/index.ts'
import { KeyServerError, notFound } from '../../schema/wire/errors.ts'
import { raiseAlert } from '../alerts/raise.ts'
import { recordAudit } from '../audit/record.ts'
import type { SignedTransaction } from '../auth/signed-request.ts'
import { assertManagementKeyRevocation, type ReceivedRevocation } from '../auth/revocation-statement.ts'
import { revocationChannel } from '../events/channels.ts'
import { isManagementKeyId } from '../lib/input.ts'

/**
 * Revokes a management key for good, and erases the keys that are wrapped for it: a transaction key that is wrapped for no
 * other management key is then lost. Repeated, it adds the signed revocation when none is stored, and changes nothing else.
 * The transaction holds the exclusive lock of the account's management keys.
 *
 * @throws {KeyServerError} NOT_FOUND; CONFLICT for the last active one; BAD_USER_INPUT for the revocation
 */
export async function revokeManagementKey(
  signed: SignedTransaction,
  { id, revocation }: { readonly id: string; readonly revocation: ReceivedRevocation | null },
): Promise<void> {
  if (!isManagementKeyId(id)) throw notFound('management key')
  const { tx, accountId, managementKeyId } = signed
  const isKey = and(eq(managementKeys.accountId, accountId), eq(managementKeys.id, id))
  const [key] = await tx
    .select({
      kind: managementKeys.kind,
      revokedAt: managementKeys.revokedAt,
      revocation: managementKeys.revocation,
    })
    .from(managementKeys)
    .where(isKey)
  if (key === undefined) throw notFound('management key')
  const isNewRevocation = revocation !== null && key.revocation === null
  if (isNewRevocation) {
    await assertManagementKeyRevocation(signed, revocation, id)
    await tx.update(managementKeys).set({ revocation: revocation.compact }).where(isKey)
  }
  if (key.revokedAt === null || isNewRevocation) {
    await recordAudit(signed, [{ action: 'MANAGEMENT_KEY_REVOKED', affectedManagementKeyId: id }])
  }
  if (key.revokedAt !== null) return
  const active = await tx
    .select({ id: managementKeys.id })
    .from(managementKeys)
    .where(
      and(
        eq(managementKeys.accountId, accountId),
        isNull(managementKeys.revokedAt),
        // An account that only a VIEWER is left of could do nothing any more.
        ne(managementKeys.kind, 'VIEWER'),
      ),
    )
    .limit(2)
  if (key.kind !== 'VIEWER' && active.length < 2)
    throw new KeyServerError('CONFLICT', 'The last active management key of an account cannot be revoked.')
  await tx
    .update(managementKeys)
    .set({ revokedAt: sql`statement_timestamp()` })
    .where(isKey)
  await tx
    .delete(wrappedKeys)
    .where(and(eq(wrappedKeys.accountId, accountId), eq(wrappedKeys.managementKeyId, id)))
  await raiseAlert(signed, {
    kind: 'MANAGEMENT_KEY_REVOKED',
    managementKeyId: id,
    details: { byManagementKeyId: managementKeyId },
  })
  await tx.execute(sql`SELECT pg_notify(${revocationChannel}, ${id})`)
}
