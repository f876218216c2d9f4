import { createHash } from 'node:crypto'
import { and, eq } from 'drizzle-orm'
import { z } from 'zod'
import { deadlines, transactionKeys, transactionKeyUsage, wrappedKeys } from '../../schema/tables/index.ts'
import { badInput, KeyServerError } from '../../schema/wire/errors.ts'
import { thumbprint } from '../../schema/wire/keys/thumbprint.ts'
import { limits } from '../../schema/wire/limits.ts'
import { recordAudit } from '../audit/record.ts'
import type { SignedTransaction } from '../auth/signed-request.ts'
import type { Quotas } from '../quotas/quotas.ts'
import { countNewKey } from '../quotas/usage.ts'
import {
  applicationServer,
  expiryNotices,
  instant,
  jwe,
  label,
  maxUses,
  parseInput,
  publicJwk,
  statementOf,
  uuid,
} from '../lib/input.ts'
import { assertCertificate } from './certificate.ts'
import { assertPossession } from './possession.ts'
import { assertActiveManagementKeys } from './wrapped-keys.ts'
import { assertTerm, defaultNotices, expiryDeadline, noticeDeadlines } from './term.ts'
import { overusePolicies } from '../../schema/wire/enums.ts'

const storeTransactionKeyInput = z.object({
  id: uuid,
  applicationServer,
  label: label.nullish().transform((value) => value ?? null),
  publicKey: publicJwk.nullish().transform((value) => value ?? null),
  wrappedKeys: z
    .array(z.object({ managementKeyId: z.string(), jwe }))
    .min(1, { error: 'There is at least one wrapped key.' })
    .max(limits.batchMax, { error: `There are at most ${String(limits.batchMax)} wrapped keys.` }),
  notBefore: instant.nullish().transform((value) => value ?? null),
  expiresAt: instant.nullish().transform((value) => value ?? null),
  expiryNotices: expiryNotices.nullish().transform((value) => value ?? null),
  maxUses: maxUses.nullish().transform((value) => value ?? null),
  overusePolicy: z
    .enum(overusePolicies)
    .nullish()
    .transform((value) => value ?? 'NOTIFY'),
  certificate: statementOf('claviger-key+jwt')
    .nullish()
    .transform((value) => value ?? null),
  possession: statementOf('claviger-possession+jwt')
    .nullish()
    .transform((value) => value ?? null),
})

/** A transaction key to store, parsed. */
export type KeyToStore = z.infer<typeof storeTransactionKeyInput>

/** @throws {KeyServerError} BAD_USER_INPUT */
export function parseKeyToStore(input: unknown): KeyToStore {
  const key = parseInput(storeTransactionKeyInput, input, 'input')
  assertTerm(key)
  const seen = new Set<string>()
  for (const [index, { managementKeyId, jwe }] of key.wrappedKeys.entries()) {
    const path = `input.wrappedKeys.${String(index)}`
    if (jwe.header.kid !== managementKeyId) {
      throw badInput(`${path}.jwe`, "The JWE's kid must be the management key that it is stored for.")
    }
    if (seen.has(managementKeyId))
      throw badInput(path, 'A transaction key is wrapped once for a management key.')
    seen.add(managementKeyId)
  }
  return key
}

/**
 * Stores a key with its wrapped keys and deadlines, all or none. Repeated with the same content it changes nothing.
 *
 * The transaction holds the shared lock of the account's management keys.
 *
 * @throws {KeyServerError} NOT_FOUND for a management key that is not the account's; CONFLICT; QUOTA_EXCEEDED; BAD_USER_INPUT for the
 *   certificate and the possession statement
 */
export async function storeTransactionKey(
  signed: SignedTransaction,
  key: KeyToStore,
  quotas: Quotas,
): Promise<void> {
  const { tx, accountId, now } = signed
  await assertActiveManagementKeys(
    signed,
    key.wrappedKeys.map(({ managementKeyId }) => managementKeyId),
  )
  const contentHash = hashContent(key)
  const keyThumbprint = key.publicKey && (await thumbprint(key.publicKey))
  const notices = key.expiryNotices ?? defaultNotices(key.expiresAt, now)
  const inserted = await tx
    .insert(transactionKeys)
    .values({
      accountId,
      id: key.id,
      applicationServer: key.applicationServer,
      label: key.label,
      publicKey: key.publicKey,
      thumbprint: keyThumbprint,
      notBefore: key.notBefore,
      expiresAt: key.expiresAt,
      expiryNotices: notices,
      hasDefaultNotices: key.expiryNotices === null,
      certificate: key.certificate?.compact ?? null,
      possession: key.possession?.compact ?? null,
      contentHash,
    })
    .onConflictDoNothing()
    .returning({ id: transactionKeys.id })
  if (inserted.length === 0) {
    await assertSameContent(tx, { accountId, id: key.id, contentHash })
    return
  }
  // A repeated request returned above: its statements were checked when it was stored.
  if (key.certificate !== null) {
    await assertCertificate(signed, key.certificate, { ...key, thumbprint: keyThumbprint })
  }
  if (key.possession !== null) await assertPossession(signed, key.possession, key)
  const reference = { accountId, transactionKeyId: key.id }
  await tx
    .insert(transactionKeyUsage)
    .values({ ...reference, maxUses: key.maxUses, overusePolicy: key.overusePolicy })
  await tx.insert(wrappedKeys).values(
    key.wrappedKeys.map(({ managementKeyId, jwe }) => ({
      ...reference,
      managementKeyId,
      jwe: jwe.compact,
    })),
  )
  const due = [...noticeDeadlines(key.expiresAt, notices, now), ...expiryDeadline(key.expiresAt)]
  if (due.length > 0)
    await tx.insert(deadlines).values(due.map((deadline) => ({ ...reference, ...deadline })))
  await recordAudit(signed, [{ action: 'KEY_STORED', transactionKeyId: key.id }])
  await countNewKey(signed, key.id, quotas)
}

async function assertSameContent(
  tx: SignedTransaction['tx'],
  { accountId, id, contentHash }: { accountId: string; id: string; contentHash: Uint8Array },
): Promise<void> {
  const [stored] = await tx
    .select({ contentHash: transactionKeys.contentHash })
    .from(transactionKeys)
    .where(and(eq(transactionKeys.accountId, accountId), eq(transactionKeys.id, id)))
  if (stored === undefined) {
    throw new KeyServerError('CONFLICT', 'This public key is already stored for this application server.')
  }
  if (Buffer.compare(stored.contentHash, contentHash) !== 0) {
    throw new KeyServerError('CONFLICT', 'Another transaction key is stored under this id.')
  }
}

/** Equal content has an equal hash: the parser fixes the order of members, and the wrapped keys are sorted. */
function hashContent(key: KeyToStore): Uint8Array {
  const wrappedKeys = key.wrappedKeys.map(({ managementKeyId, jwe }) => [managementKeyId, jwe.compact])
  const content = JSON.stringify({
    ...key,
    wrappedKeys: wrappedKeys.sort(),
    certificate: key.certificate?.compact,
    possession: key.possession?.compact,
  })
  return createHash('sha256').update(content).digest()
}
