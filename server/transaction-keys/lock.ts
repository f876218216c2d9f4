import { and, eq } from 'drizzle-orm'
import { transactionKeyUsage } from '../../schema/tables/index.ts'
import { notFound } from '../../schema/wire/errors.ts'
import type { SignedTransaction } from '../auth/signed-request.ts'

/**
 * Locks a key against acquisitions and changes until the transaction ends. Every change begins with it
 * (schema/functions/README.md has the order of locks).
 *
 * @throws {KeyServerError} NOT_FOUND
 */
export async function lockTransactionKey(
  { tx, accountId }: SignedTransaction,
  id: string,
): Promise<{ isRevoked: boolean }> {
  const [usage] = await tx
    .select({ revokedAt: transactionKeyUsage.revokedAt })
    .from(transactionKeyUsage)
    .where(and(eq(transactionKeyUsage.accountId, accountId), eq(transactionKeyUsage.transactionKeyId, id)))
    .for('no key update')
  if (usage === undefined) throw notFound('transaction key')
  return { isRevoked: usage.revokedAt !== null }
}
