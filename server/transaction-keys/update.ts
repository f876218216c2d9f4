import { and, eq, ne } from 'drizzle-orm'
import { z } from 'zod'
import type { UpdateTransactionKeyInput } from '../../schema/graphql/context.ts'
import { deadlines, transactionKeys, transactionKeyUsage } from '../../schema/tables/index.ts'
import { KeyServerError } from '../../schema/wire/errors.ts'
import { recordAudit } from '../audit/record.ts'
import type { SignedTransaction } from '../auth/signed-request.ts'
import { expiryNotices, instant, label, maxUses, parseInput, statementOf } from '../lib/input.ts'
import { assertCertificate, assertNotOlder, assertStillTrue } from './certificate.ts'
import { recordKeyChange } from '../key-changes/record.ts'
import { lockTransactionKey } from './lock.ts'
import { assertPossession } from './possession.ts'
import { selectTransactionKey } from './transaction-key-rows.ts'
import { assertTerm, defaultNotices, expiryDeadline, noticeDeadlines } from './term.ts'
import { overusePolicies } from '../../schema/wire/enums.ts'

/** Absent members stay as they are; null removes. */
const changes = z.object({
  label: label.nullable().optional(),
  expiresAt: instant.nullable().optional(),
  expiryNotices: expiryNotices.nullable().optional(),
  maxUses: maxUses.nullable().optional(),
  overusePolicy: z.enum(overusePolicies).nullable().optional(),
  certificate: statementOf('claviger-key+jwt').nullable().optional(),
  possession: statementOf('claviger-possession+jwt').nullable().optional(),
})

/** An update of a transaction key, parsed. */
export type KeyUpdate = z.infer<typeof changes>

/** @throws {KeyServerError} BAD_USER_INPUT */
export function parseKeyUpdate(input: UpdateTransactionKeyInput): KeyUpdate {
  return parseInput(changes, input, 'input')
}

/**
 * Updates a key's label, term and limit. A new end of the term arms all its alerts again; a new limit or policy restarts
 * the count of over-use alerts.
 *
 * @throws {KeyServerError} NOT_FOUND; KEY_REVOKED; BAD_USER_INPUT when the term would end before it begins, and when the
 *   certificate, new or stored, or the new proof of possession does not match the updated key
 */
export async function updateTransactionKey(
  signed: SignedTransaction,
  id: string,
  changes: KeyUpdate,
): Promise<void> {
  const { isRevoked } = await lockTransactionKey(signed, id)
  if (isRevoked) throw new KeyServerError('KEY_REVOKED', 'This transaction key is revoked.')
  await updateLimit(signed, id, changes)
  const isNewTerm = await updateTerm(signed, id, changes)
  if (changes.label !== undefined) {
    await signed.tx.update(transactionKeys).set({ label: changes.label }).where(isKey(signed.accountId, id))
  }
  await updateCertificate(signed, id, changes)
  await updatePossession(signed, id, changes)
  await recordAudit(signed, [{ action: 'KEY_UPDATED', transactionKeyId: id }])
  if (isNewTerm) await recordKeyChange(signed, id, 'TERM_CHANGED')
}

async function updateLimit(
  { tx, accountId }: SignedTransaction,
  id: string,
  changes: KeyUpdate,
): Promise<void> {
  if (changes.maxUses === undefined && changes.overusePolicy === undefined) return
  await tx
    .update(transactionKeyUsage)
    .set({
      ...(changes.maxUses !== undefined && { maxUses: changes.maxUses }),
      ...(changes.overusePolicy !== undefined && { overusePolicy: changes.overusePolicy ?? 'NOTIFY' }),
      refusedBeyondLimit: 0,
      nextAlertExcess: 1,
    })
    .where(and(eq(transactionKeyUsage.accountId, accountId), eq(transactionKeyUsage.transactionKeyId, id)))
}

/** @returns whether the end of the term changed */
async function updateTerm(signed: SignedTransaction, id: string, changes: KeyUpdate): Promise<boolean> {
  if (changes.expiresAt === undefined && changes.expiryNotices === undefined) return false
  const { tx, accountId, now } = signed
  const [stored] = await tx.select().from(transactionKeys).where(isKey(accountId, id))
  if (stored === undefined) throw new TypeError('A locked transaction key has no row.')
  const expiresAt = changes.expiresAt === undefined ? stored.expiresAt : changes.expiresAt
  assertTerm({ notBefore: stored.notBefore, expiresAt })
  const hasDefaultNotices =
    changes.expiryNotices === undefined ? stored.hasDefaultNotices : changes.expiryNotices === null
  const notices = hasDefaultNotices
    ? defaultNotices(expiresAt, now)
    : (changes.expiryNotices ?? stored.expiryNotices)
  await tx
    .update(transactionKeys)
    .set({ expiresAt, expiryNotices: notices, hasDefaultNotices })
    .where(isKey(accountId, id))

  const isNewTerm = expiresAt?.getTime() !== stored.expiresAt?.getTime()
  const isOfKey = and(eq(deadlines.accountId, accountId), eq(deadlines.transactionKeyId, id))
  await tx.delete(deadlines).where(isNewTerm ? isOfKey : and(isOfKey, ne(deadlines.noticeSeconds, 0)))
  const due = [...noticeDeadlines(expiresAt, notices, now), ...(isNewTerm ? expiryDeadline(expiresAt) : [])]
  if (due.length > 0) {
    await tx
      .insert(deadlines)
      .values(due.map((deadline) => ({ accountId, transactionKeyId: id, ...deadline })))
  }
  return isNewTerm
}

/** Runs after the other changes, so that the certificate is compared with the updated key. */
async function updateCertificate(
  signed: SignedTransaction,
  id: string,
  { certificate }: KeyUpdate,
): Promise<void> {
  const { tx, accountId } = signed
  const key = await selectTransactionKey(tx, accountId, id)
  if (key === null) throw new TypeError('A locked transaction key has no row.')
  if (certificate === undefined) {
    if (key.certificate !== null) await assertStillTrue(key.certificate, key)
    return
  }
  if (certificate !== null) {
    await assertCertificate(signed, certificate, key)
    assertNotOlder(certificate.payload, key.certificate)
  }
  await tx
    .update(transactionKeys)
    .set({ certificate: certificate?.compact ?? null })
    .where(isKey(accountId, id))
}

async function updatePossession(
  signed: SignedTransaction,
  id: string,
  { possession }: KeyUpdate,
): Promise<void> {
  if (possession === undefined) return
  const { tx, accountId } = signed
  const key = await selectTransactionKey(tx, accountId, id)
  if (key === null) throw new TypeError('A locked transaction key has no row.')
  if (possession !== null) await assertPossession(possession, { ...key, accountId, now: signed.now })
  await tx
    .update(transactionKeys)
    .set({ possession: possession?.compact ?? null })
    .where(isKey(accountId, id))
}

function isKey(accountId: string, id: string) {
  return and(eq(transactionKeys.accountId, accountId), eq(transactionKeys.id, id))
}
