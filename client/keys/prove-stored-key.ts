import { notFound } from '../../schema/wire/errors.ts'
import { possessionSignerOf } from '../../schema/wire/statements/possession.ts'
import { VaultError } from '../errors.ts'
import type { Session } from '../trust/session.ts'
import { acquireKey } from './acquire.ts'
import { readKey } from './list.ts'
import type { UncertifiedOptions } from './open.ts'
import { signPossession } from './prove-possession.ts'
import { assertExpected, withTrustError, type TransactionKey } from './transaction-key.ts'
import { updateTransactionKey } from './update.ts'

/**
 * Has a key that was stored without a proof of possession sign one now. The key is acquired for it, which counts as one use; a
 * key that has proved it stays as it is, and nothing is counted.
 *
 * @throws {VaultError} ALGORITHM_MISMATCH for a key that cannot sign, before it is acquired.
 */
export async function proveStoredKey(
  session: Session,
  id: string,
  options: UncertifiedOptions = {},
): Promise<TransactionKey> {
  const stored = await readKey(session, id)
  if (stored === null) throw notFound('transaction key')
  if (stored.isPossessionProved) return stored
  if (possessionSignerOf(stored.publicKey) === null) {
    throw new VaultError('ALGORITHM_MISMATCH', { detail: 'Only a key that signs can prove its possession.' })
  }
  const { algorithm, applicationServer, publicKey, cryptoKey } = await acquireKey(session, stored, options)
  const key = { id: stored.id, applicationServer, algorithm, publicKey, privateKey: cryptoKey }
  const possession = await signPossession(session, key)
  const updated = await session.keyServer.run(updateTransactionKey, { input: { id, possession } })
  assertExpected(updated, stored)
  return withTrustError(session, updated)
}
