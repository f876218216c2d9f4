import { z } from 'zod'
import type { RewrapTransactionKeyInput } from '../../schema/graphql/context.ts'
import type { TransactionKey } from '../../schema/graphql/domain.ts'
import { parseTransactionKeyId, type TransactionKeyId } from '../../schema/wire/brands.ts'
import { badInput, notFound } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import type { SignedTransaction } from '../auth/signed-request.ts'
import { parseInput } from '../lib/input.ts'
import { selectTransactionKeysById } from './transaction-key-rows.ts'
import {
  assertActiveManagementKeys,
  lockTransactionKeys,
  storeWrappedKeys,
  type WrappedKeyRow,
} from './wrapped-keys.ts'
import { assertRecipients, wrappedKeysInput } from './wrapped-keys-input.ts'

const rewrapInput = z
  .array(z.object({ transactionKeyId: z.string(), wrappedKeys: wrappedKeysInput }))
  .max(limits.batchMax, { error: `There are at most ${String(limits.batchMax)} keys in a request.` })

/** Transaction keys to wrap for other management keys, parsed. */
export interface KeysToRewrap {
  /** In the order of the input. */
  readonly transactionKeyIds: readonly TransactionKeyId[]
  readonly wrappedKeys: readonly WrappedKeyRow[]
}

/**
 * @returns null when an id is malformed, which is answered like an unknown one
 * @throws {KeyServerError} BAD_USER_INPUT
 */
export function parseKeysToRewrap(input: readonly RewrapTransactionKeyInput[]): KeysToRewrap | null {
  const keys = parseInput(rewrapInput, input, 'input')
  const ids = keys.map(({ transactionKeyId }) => parseTransactionKeyId(transactionKeyId))
  const rows = keys.flatMap(({ wrappedKeys }, index) => {
    const path = `input.${String(index)}`
    const transactionKeyId = ids[index] ?? null
    if (transactionKeyId !== null && ids.indexOf(transactionKeyId) !== index) {
      throw badInput(path, 'A request must not name a key twice.')
    }
    assertRecipients(wrappedKeys, `${path}.wrappedKeys`)
    return wrappedKeys.map(
      ({ managementKeyId, jwe: { compact } }): WrappedKeyRow | null =>
        transactionKeyId && { transactionKeyId, managementKeyId, jwe: compact },
    )
  })
  const isWellFormed = ids.every((id) => id !== null) && rows.every((row) => row !== null)
  return isWellFormed ? { transactionKeyIds: ids, wrappedKeys: rows } : null
}

/**
 * Replaces or adds wrapped keys, all or none. The transaction holds the shared lock of the account's management keys.
 * Repeated, it has the same result.
 *
 * @throws {KeyServerError} NOT_FOUND for a transaction key or a management key that is not the account's, or was revoked;
 *   KEY_REVOKED for a transaction key
 */
export async function rewrapTransactionKeys(
  signed: SignedTransaction,
  keys: KeysToRewrap | null,
): Promise<TransactionKey[]> {
  if (keys === null) throw notFound('transaction key')
  const { transactionKeyIds, wrappedKeys } = keys
  await assertActiveManagementKeys(
    signed,
    wrappedKeys.map(({ managementKeyId }) => managementKeyId),
  )
  await lockTransactionKeys(signed, transactionKeyIds)
  await storeWrappedKeys(signed, wrappedKeys, { replaces: true })
  const stored = await selectTransactionKeysById(signed.tx, signed.accountId, transactionKeyIds)
  const byId = new Map(stored.map((key) => [key.id, key]))
  return transactionKeyIds.flatMap((id) => byId.get(id) ?? [])
}
