import { and, count, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { AddManagementKeyInput } from '../../schema/graphql/context.ts'
import { accounts, managementKeyOwners, managementKeys } from '../../schema/tables/index.ts'
import { badInput, KeyServerError, notFound } from '../../schema/wire/errors.ts'
import { thumbprint } from '../../schema/wire/keys/thumbprint.ts'
import { limits } from '../../schema/wire/limits.ts'
import { haveSamePayload } from '../../schema/wire/statements/statement.ts'
import { managementKeyInput, type ManagementKeyToAdd } from './management-key-input.ts'
import type { SignedTransaction } from '../auth/signed-request.ts'
import { jwe, parseInput, statementOf, uuid } from '../lib/input.ts'
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
    .max(limits.batchMax, { error: `There are at most ${String(limits.batchMax)} wrapped copies.` }),
})

/** Of an account: what its list of keys, which has no pages, may hold. */
const activeKeysMax = 100
const keysMax = 1_000

export interface KeyToAdd extends ManagementKeyToAdd {
  readonly id: string
  readonly endorsement: ReceivedStatement<'claviger-endorsement+jwt'>
  /** Has the endorsement's payload. */
  readonly proof: ReceivedStatement<'claviger-proof+jwt'>
  /** Null when one of them is for what can be no key's id, which is answered like an unknown one. */
  readonly copies: readonly WrappedKeyRow[] | null
}

/**
 * Reads the input, and checks all of it that needs no look into the database: the copies are for the new key, and what
 * its holder proves is what the endorsement says.
 *
 * @throws {KeyServerError} BAD_USER_INPUT
 */
export async function parseKeyToAdd(input: AddManagementKeyInput): Promise<KeyToAdd> {
  const { managementKey, endorsement, proof, wrappedKeys } = parseInput(addManagementKeyInput, input, 'input')
  if (managementKey.endorsement !== null && managementKey.endorsement.compact !== endorsement.compact) {
    throw badInput('input.managementKey.endorsement', 'Here the endorsement is given as input.endorsement.')
  }
  if (!haveSamePayload(endorsement.compact, proof.compact)) {
    throw badInput('input.proof', "The proof has the endorsement's payload, the same bytes.")
  }
  const id = await thumbprint(managementKey.signingKey)
  const seen = new Set<string>()
  const copies = wrappedKeys.map(
    ({ transactionKeyId, jwe: { compact, header } }, index): WrappedKeyRow | null => {
      const path = `input.wrappedKeys.${String(index)}`
      if (header.kid !== id) throw badInput(`${path}.jwe`, "The JWE's kid is not the new management key.")
      const { data: keyId } = uuid.safeParse(transactionKeyId)
      if (keyId === undefined) return null
      if (seen.has(keyId)) throw badInput(path, 'There is one copy of a transaction key.')
      seen.add(keyId)
      return { transactionKeyId: keyId, managementKeyId: id, jwe: compact }
    },
  )
  return {
    ...managementKey,
    id,
    endorsement,
    proof,
    copies: copies.every((copy) => copy !== null) ? copies : null,
  }
}

/**
 * Registers a management key that the signer of the request endorses, with the copies that are wrapped for it. Repeated
 * with the same endorsement it stores what is missing of the copies, and changes nothing else.
 *
 * @throws {KeyServerError} BAD_USER_INPUT; CONFLICT when the key is taken, by whatever account, or the account has as
 *   many as it may; NOT_FOUND and KEY_REVOKED
 *   for the transaction keys
 */
export async function addManagementKey(signed: SignedTransaction, key: KeyToAdd): Promise<void> {
  await assertEndorsedBySigner(signed, key)
  if (await isRepeated(signed, key)) {
    await storeCopiesFor(signed, key)
    return
  }
  const { tx, accountId, managementKeyId } = signed
  await assertPlace(signed)
  const owned = await tx
    .insert(managementKeyOwners)
    .values({ managementKeyId: key.id, accountId })
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
  await storeCopiesFor(signed, key)
  await tx.execute(
    sql`SELECT raise_alert(${accountId}, 'MANAGEMENT_KEY_ADDED', NULL, ${key.id},
      jsonb_build_object('byManagementKeyId', ${managementKeyId}::text))`,
  )
}

/** Under the lock of the account's management keys, so that no two take the last place. */
async function assertPlace({ tx, accountId }: SignedTransaction): Promise<void> {
  const [row] = await tx
    .select({ keys: count(), activeKeys: sql<number>`count(*) FILTER (WHERE revoked_at IS NULL)::int` })
    .from(managementKeys)
    .where(eq(managementKeys.accountId, accountId))
  if (row === undefined) throw new TypeError('A count has a row.')
  if (row.activeKeys >= activeKeysMax) {
    throw new KeyServerError(
      'CONFLICT',
      `An account has at most ${String(activeKeysMax)} active management keys.`,
    )
  }
  if (row.keys >= keysMax) {
    throw new KeyServerError(
      'CONFLICT',
      `An account has at most ${String(keysMax)} management keys, revoked ones among them.`,
    )
  }
}

async function assertEndorsedBySigner(
  { tx, accountId, managementKeyId, now }: SignedTransaction,
  key: KeyToAdd,
): Promise<void> {
  await assertSignedBy('claviger-proof+jwt', key.proof, {
    signingKey: key.signingKey,
    now,
    field: 'input.proof',
  })
  const [signer] = await tx
    .select({ owner: accounts.name, signingKey: managementKeys.signingKey })
    .from(managementKeys)
    .innerJoin(accounts, eq(accounts.id, managementKeys.accountId))
    .where(and(eq(managementKeys.accountId, accountId), eq(managementKeys.id, managementKeyId)))
  if (signer === undefined) throw new TypeError('A signer has a row.')
  await assertEndorsement(key.endorsement, {
    ...signer,
    now,
    managementKey: key,
    field: 'input.endorsement',
  })
}

/** The endorsement holds a signature: who sends it again means the same addition. */
async function isRepeated({ tx, accountId }: SignedTransaction, key: KeyToAdd): Promise<boolean> {
  const [stored] = await tx
    .select({ endorsement: managementKeys.endorsement, revokedAt: managementKeys.revokedAt })
    .from(managementKeys)
    .where(and(eq(managementKeys.accountId, accountId), eq(managementKeys.id, key.id)))
  return stored?.endorsement === key.endorsement.compact && stored.revokedAt === null
}

async function storeCopiesFor(signed: SignedTransaction, { copies }: KeyToAdd): Promise<void> {
  if (copies === null) throw notFound('transaction key')
  await lockTransactionKeys(
    signed,
    copies.map(({ transactionKeyId }) => transactionKeyId),
  )
  await storeWrappedKeys(signed, copies, { replaces: false })
}
