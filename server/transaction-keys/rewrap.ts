import { z } from 'zod'
import type { RewrapTransactionKeyInput } from '../../schema/graphql/context.ts'
import type { TransactionKey } from '../../schema/graphql/domain.ts'
import { badInput, notFound } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import type { SignedTransaction } from '../auth/signed-request.ts'
import { jwe, parseInput, uuid } from '../lib/input.ts'
import { selectTransactionKeysById } from './transaction-key-rows.ts'
import {
  assertActiveManagementKeys,
  lockTransactionKeys,
  storeWrappedKeys,
  type WrappedKeyRow,
} from './wrapped-keys.ts'

const rewrapInput = z
  .array(
    z.object({
      transactionKeyId: z.string(),
      wrappedKeys: z
        .array(z.object({ managementKeyId: z.string(), jwe }))
        .min(1, { error: 'There is at least one wrapped copy.' })
        .max(limits.batchMax, { error: `There are at most ${String(limits.batchMax)} wrapped copies.` }),
    }),
  )
  .max(limits.batchMax, { error: `There are at most ${String(limits.batchMax)} keys in a request.` })

export interface KeysToRewrap {
  /** In the order asked. */
  readonly transactionKeyIds: readonly string[]
  readonly copies: readonly WrappedKeyRow[]
}

/**
 * @returns null when one of the ids can be no key's, which is answered like an unknown one
 * @throws {KeyServerError} BAD_USER_INPUT
 */
export function parseKeysToRewrap(input: readonly RewrapTransactionKeyInput[]): KeysToRewrap | null {
  const keys = parseInput(rewrapInput, input, 'input')
  const ids = keys.map(({ transactionKeyId }) => uuid.safeParse(transactionKeyId).data ?? null)
  const copies = keys.flatMap(({ wrappedKeys }, index) => {
    const path = `input.${String(index)}`
    const transactionKeyId = ids[index] ?? ''
    if (transactionKeyId !== '' && ids.indexOf(transactionKeyId) !== index) {
      throw badInput(path, 'A key is given once in a request.')
    }
    const seen = new Set<string>()
    return wrappedKeys.map(({ managementKeyId, jwe: { compact, header } }, place): WrappedKeyRow => {
      const copyPath = `${path}.wrappedKeys.${String(place)}`
      if (header.kid !== managementKeyId) {
        throw badInput(`${copyPath}.jwe`, "The JWE's kid is not the management key that it is stored for.")
      }
      if (seen.has(managementKeyId)) throw badInput(copyPath, 'There is one copy for a management key.')
      seen.add(managementKeyId)
      return { transactionKeyId, managementKeyId, jwe: compact }
    })
  })
  return ids.every((id) => id !== null) ? { transactionKeyIds: ids, copies } : null
}

/**
 * Replaces or adds wrapped copies, all or none. The transaction holds the account's management keys. Repeated it has
 * the same result.
 *
 * @throws {KeyServerError} NOT_FOUND for a transaction key or a management key that is not the account's, or was revoked;
 *   KEY_REVOKED for a transaction key
 */
export async function rewrapTransactionKeys(
  signed: SignedTransaction,
  keys: KeysToRewrap | null,
): Promise<TransactionKey[]> {
  if (keys === null) throw notFound('transaction key')
  const { transactionKeyIds, copies } = keys
  await assertActiveManagementKeys(
    signed,
    copies.map(({ managementKeyId }) => managementKeyId),
  )
  await lockTransactionKeys(signed, transactionKeyIds)
  await storeWrappedKeys(signed, copies, { replaces: true })
  const stored = await selectTransactionKeysById(signed.tx, signed.accountId, transactionKeyIds)
  const byId = new Map(stored.map((key) => [key.id, key]))
  return transactionKeyIds.flatMap((id) => byId.get(id) ?? [])
}
