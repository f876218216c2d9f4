import { and, eq, inArray, isNull, ne, sql } from 'drizzle-orm'
import { managementKeys, transactionKeyUsage, wrappedKeys } from '../../schema/tables/index.ts'
import type { CompactJwe, TransactionKeyId } from '../../schema/wire/brands.ts'
import { KeyServerError, notFound } from '../../schema/wire/errors.ts'
import { recordAudit } from '../audit/record.ts'
import type { SignedTransaction } from '../auth/signed-request.ts'
import { isManagementKeyId } from '../lib/input.ts'

/** A wrapped key to store. */
export interface WrappedKeyRow {
  readonly transactionKeyId: TransactionKeyId
  readonly managementKeyId: string
  readonly jwe: CompactJwe
}

type Transaction = Pick<SignedTransaction, 'tx' | 'accountId'>

/**
 * Checks that all of these management keys are active, the account's, and none a VIEWER's, which opens nothing. The
 * transaction holds their lock (server/auth/management-keys-lock.ts), or else they may be revoked meanwhile.
 *
 * @throws {KeyServerError} NOT_FOUND
 */
export async function assertActiveManagementKeys(
  { tx, accountId }: Transaction,
  managementKeyIds: readonly string[],
): Promise<void> {
  const ids = [...new Set(managementKeyIds)]
  if (!ids.every(isManagementKeyId)) throw notFound('management key')
  const active = await tx
    .select({ id: managementKeys.id })
    .from(managementKeys)
    .where(
      and(
        eq(managementKeys.accountId, accountId),
        inArray(managementKeys.id, ids),
        isNull(managementKeys.revokedAt),
        ne(managementKeys.kind, 'VIEWER'),
      ),
    )
  if (active.length !== ids.length) throw notFound('management key')
}

/**
 * Locks transaction keys against acquisitions and changes until the transaction ends, in the order of their ids.
 *
 * @throws {KeyServerError} NOT_FOUND; KEY_REVOKED
 */
export async function lockTransactionKeys(
  { tx, accountId }: Transaction,
  transactionKeyIds: readonly TransactionKeyId[],
): Promise<void> {
  const locked = await tx
    .select({ revokedAt: transactionKeyUsage.revokedAt })
    .from(transactionKeyUsage)
    .where(
      and(
        eq(transactionKeyUsage.accountId, accountId),
        inArray(transactionKeyUsage.transactionKeyId, [...transactionKeyIds]),
      ),
    )
    .orderBy(transactionKeyUsage.transactionKeyId)
    .for('no key update')
  if (locked.length !== transactionKeyIds.length) throw notFound('transaction key')
  if (locked.some(({ revokedAt }) => revokedAt !== null)) {
    throw new KeyServerError('KEY_REVOKED', 'A transaction key among these is revoked.')
  }
}

/** Stores wrapped keys of locked transaction keys. `replaces`: they replace those that are stored already. */
export async function storeWrappedKeys(
  signed: SignedTransaction,
  rows: readonly WrappedKeyRow[],
  { replaces }: { readonly replaces: boolean },
): Promise<void> {
  if (rows.length === 0) return
  const { tx, accountId } = signed
  const insert = tx.insert(wrappedKeys).values(rows.map((row) => ({ accountId, ...row })))
  const resolved = replaces
    ? insert.onConflictDoUpdate({
        target: [wrappedKeys.accountId, wrappedKeys.transactionKeyId, wrappedKeys.managementKeyId],
        set: { jwe: sql`excluded.jwe` },
      })
    : insert.onConflictDoNothing()
  const stored = await resolved.returning({
    transactionKeyId: wrappedKeys.transactionKeyId,
    affectedManagementKeyId: wrappedKeys.managementKeyId,
  })
  await recordAudit(
    signed,
    stored.map((wrappedKey) => ({ action: 'KEY_REWRAPPED', ...wrappedKey })),
  )
}
