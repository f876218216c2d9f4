import { and, count, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { AddManagementKeyInput } from '../../schema/graphql/context.ts'
import { managementKeyOwners, managementKeys } from '../../schema/tables/index.ts'
import { parseTransactionKeyId } from '../../schema/wire/brands.ts'
import { badInput, KeyServerError, notFound } from '../../schema/wire/errors.ts'
import { thumbprint } from '../../schema/wire/keys/thumbprint.ts'
import { limits } from '../../schema/wire/limits.ts'
import { haveSamePayload } from '../../schema/wire/statements/statement.ts'
import { raiseAlert } from '../alerts/raise.ts'
import { managementKeyInput, type ManagementKeyToAdd } from './management-key-input.ts'
import { selectActiveSigner } from '../auth/active-signer.ts'
import { recordAudit } from '../audit/record.ts'
import type { SignedTransaction } from '../auth/signed-request.ts'
import type { Quotas } from '../quotas/quotas.ts'
import { quotaExceeded, quotasOf } from '../quotas/usage.ts'
import { jwe, parseInput, statementOf } from '../lib/input.ts'
import {
  lockTransactionKeys,
  storeWrappedKeys,
  type WrappedKeyRow,
} from '../transaction-keys/wrapped-keys.ts'
import { assertEndorsement } from './endorsement.ts'
import { assertSignedBy, type ReceivedStatement } from '../auth/received-statement.ts'

const addManagementKeyInput = z.object({
  managementKey: managementKeyInput,
  endorsement: statementOf('claviger-endorsement+jwt'),
  proof: statementOf('claviger-proof+jwt'),
  wrappedKeys: z
    .array(z.object({ transactionKeyId: z.string(), jwe }))
    .max(limits.batchMax, { error: `There are at most ${String(limits.batchMax)} wrapped keys.` }),
})

/** An account's management keys at most, revoked or not: their list has no pages. */
const keysMax = 1_000

/** A management key to add, parsed. */
export interface KeyToAdd extends ManagementKeyToAdd {
  readonly id: string
  readonly endorsement: ReceivedStatement<'claviger-endorsement+jwt'>
  /** Has the endorsement's payload. */
  readonly proof: ReceivedStatement<'claviger-proof+jwt'>
  /** Null when a transaction key id is malformed, which is answered like an unknown one. */
  readonly wrappedKeys: readonly WrappedKeyRow[] | null
}

/**
 * Parses the input, and checks everything that needs no database: the wrapped keys are for the new management key, and the
 * possession proof has the endorsement's payload.
 *
 * @throws {KeyServerError} BAD_USER_INPUT
 */
export async function parseKeyToAdd(input: AddManagementKeyInput): Promise<KeyToAdd> {
  const parsed = parseInput(addManagementKeyInput, input, 'input')
  const { managementKey, endorsement, proof } = parsed
  if (managementKey.endorsement !== null && managementKey.endorsement.compact !== endorsement.compact) {
    throw badInput('input.managementKey.endorsement', 'The endorsement belongs in input.endorsement here.')
  }
  if (!haveSamePayload(endorsement.compact, proof.compact)) {
    throw badInput('input.proof', "The proof must have the endorsement's payload, byte for byte.")
  }
  if (managementKey.kind === 'VIEWER') {
    if (managementKey.wrappingKey !== null) {
      throw badInput('input.managementKey.wrappingKey', 'A VIEWER has no wrapping key.')
    }
    if (parsed.wrappedKeys.length > 0) {
      throw badInput('input.wrappedKeys', 'Nothing is wrapped for a VIEWER.')
    }
  }
  const id = await thumbprint(managementKey.signingKey)
  const seen = new Set<string>()
  const wrappedKeys = parsed.wrappedKeys.map(
    ({ transactionKeyId, jwe: { compact, header } }, index): WrappedKeyRow | null => {
      const path = `input.wrappedKeys.${String(index)}`
      if (header.kid !== id) throw badInput(`${path}.jwe`, "The JWE's kid must be the new management key.")
      const keyId = parseTransactionKeyId(transactionKeyId)
      if (keyId === null) return null
      if (seen.has(keyId))
        throw badInput(path, 'A transaction key is wrapped once for the new management key.')
      seen.add(keyId)
      return { transactionKeyId: keyId, managementKeyId: id, jwe: compact }
    },
  )
  return {
    ...managementKey,
    id,
    endorsement,
    proof,
    wrappedKeys: wrappedKeys.every((wrappedKey) => wrappedKey !== null) ? wrappedKeys : null,
  }
}

/**
 * Registers a management key that the signer of the request endorses, with the keys that are wrapped for it. Repeated with
 * the same endorsement, it stores the wrapped keys that are missing, and changes nothing else.
 *
 * @throws {KeyServerError} BAD_USER_INPUT; CONFLICT when the key is taken, by any account, or the account has as many as
 *   it ever may; QUOTA_EXCEEDED; NOT_FOUND and KEY_REVOKED for the transaction keys
 */
export async function addManagementKey(
  signed: SignedTransaction,
  key: KeyToAdd,
  quotas: Quotas,
): Promise<void> {
  await assertEndorsedBySigner(signed, key)
  if (await isRepeated(signed, key)) {
    await storeWrappedKeysFor(signed, key)
    return
  }
  const { tx, accountId, managementKeyId } = signed
  await assertBelowLimit(signed, quotas)
  const owned = await tx
    .insert(managementKeyOwners)
    .values({
      managementKeyId: key.id,
      accountId,
      signingKey: key.signingKey,
      isViewer: key.kind === 'VIEWER',
    })
    .onConflictDoNothing()
    .returning({ accountId: managementKeyOwners.accountId })
  if (owned.length === 0) throw new KeyServerError('CONFLICT', 'This management key is taken.')
  await tx.insert(managementKeys).values({
    accountId,
    id: key.id,
    label: key.label,
    kind: key.kind,
    signingKey: key.signingKey,
    wrappingKey: key.wrappingKey,
    endorsement: key.endorsement.compact,
  })
  await recordAudit(signed, [{ action: 'MANAGEMENT_KEY_ADDED', affectedManagementKeyId: key.id }])
  await storeWrappedKeysFor(signed, key)
  await raiseAlert(signed, {
    kind: 'MANAGEMENT_KEY_ADDED',
    managementKeyId: key.id,
    details: { byManagementKeyId: managementKeyId },
  })
}

/** Runs under the lock of the account's management keys, so that two transactions cannot both add the last one. */
async function assertBelowLimit({ tx, accountId }: SignedTransaction, quotas: Quotas): Promise<void> {
  const [row] = await tx
    .select({ keys: count(), activeKeys: sql<number>`count(*) FILTER (WHERE revoked_at IS NULL)::int` })
    .from(managementKeys)
    .where(eq(managementKeys.accountId, accountId))
  if (row === undefined) throw new TypeError('A count returned no row.')
  const { managementKeys: max } = await quotasOf(tx, accountId, quotas)
  if (row.activeKeys >= max) throw quotaExceeded('managementKeys', max)
  if (row.keys >= keysMax) {
    throw new KeyServerError(
      'CONFLICT',
      `An account has at most ${String(keysMax)} management keys, including revoked ones.`,
    )
  }
}

async function assertEndorsedBySigner(signed: SignedTransaction, key: KeyToAdd): Promise<void> {
  const { managementKeyId, now } = signed
  await assertSignedBy(key.proof, {
    signingKey: key.signingKey,
    now,
    field: 'input.proof',
  })
  const signer = await selectActiveSigner(signed, managementKeyId)
  if (signer === null) throw new TypeError('The signing management key has no row.')
  await assertEndorsement(key.endorsement, {
    ...signer,
    now,
    managementKey: key,
    field: 'input.endorsement',
  })
}

/** The endorsement contains a signature, so the same bytes mean the same addition. */
async function isRepeated({ tx, accountId }: SignedTransaction, key: KeyToAdd): Promise<boolean> {
  const [stored] = await tx
    .select({ endorsement: managementKeys.endorsement, revokedAt: managementKeys.revokedAt })
    .from(managementKeys)
    .where(and(eq(managementKeys.accountId, accountId), eq(managementKeys.id, key.id)))
  return stored?.endorsement === key.endorsement.compact && stored.revokedAt === null
}

async function storeWrappedKeysFor(signed: SignedTransaction, { wrappedKeys }: KeyToAdd): Promise<void> {
  if (wrappedKeys === null) throw notFound('transaction key')
  await lockTransactionKeys(
    signed,
    wrappedKeys.map(({ transactionKeyId }) => transactionKeyId),
  )
  await storeWrappedKeys(signed, wrappedKeys, { replaces: false })
}
