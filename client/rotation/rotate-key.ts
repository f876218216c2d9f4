import { KeyServerError } from '../../schema/wire/errors.ts'
import type { KeyCertificate } from '../../schema/wire/statements/statement.ts'
import type { TransactionKeyAlgorithm } from '../crypto/transaction-key.ts'
import { VaultError } from '../errors.ts'
import { prepareKey, type CreateKeyOptions } from '../keys/create.ts'
import { assertTerms } from '../keys/check-arguments.ts'
import { readKey } from '../keys/list.ts'
import { revokeKey, withRevoked } from '../keys/revoke.ts'
import type { UncertifiedOptions } from '../keys/open.ts'
import {
  parseTransactionKey,
  transactionKeyFields,
  withoutTrustError,
  type DescribedTransactionKey,
  type TransactionKey,
} from '../keys/transaction-key.ts'
import type { Session } from '../trust/session.ts'
import type { Operation } from '../transport/graphql.ts'
import { successorId } from './successor-id.ts'

/** Terms of the successor that differ from the old key's. Its term begins at once, because the old key is revoked. */
export type RotateKeyOptions = Omit<CreateKeyOptions, 'algorithm' | 'notBefore'> & UncertifiedOptions

/**
 * Stores a successor for the same application server and then revokes the old key as SUPERSEDED, in one signed request, so
 * that one of them is active at any time. When the successor is refused, nothing is revoked.
 *
 * The successor has the old key's algorithm, label and limits, and a term as long as the old one's, from now on.
 *
 * Repeating it is safe, from any device: the successor's id is derived from the old id, so that there is only one.
 *
 * @returns the successor
 * @throws {KeyServerError} NOT_FOUND; KEY_REVOKED when it was revoked without a successor
 * @throws {VaultError} as `acquire`, when either key does not match its certificate
 */
export async function rotateKey(
  session: Session,
  id: string,
  { acceptUncertified, ...options }: RotateKeyOptions = {},
): Promise<TransactionKey> {
  assertTerms(options, session.clock)
  const old = await readKey(session, id)
  if (old === null) throw new KeyServerError('NOT_FOUND', 'There is no such transaction key.')
  // The successor inherits these terms from the key server's description: the certificate must confirm them.
  const certificate = await session.trust.assertCertified(old, { acceptUncertified })
  const nextId = await successorId(old.id)
  const known = await readKey(session, nextId)
  if (known !== null) return finish(session, old, known)
  if (old.revokedAt !== null) throw new KeyServerError('KEY_REVOKED', 'This transaction key is revoked.')
  const input = await prepareKey(session, {
    id: nextId,
    applicationServer: old.applicationServer,
    options: { ...successorTerms(options, termsOf(old, certificate)), algorithm: algorithmOf(old) },
  })
  try {
    const revocation =
      certificate === null ? undefined : await session.trust.signRevocation(certificate, 'SUPERSEDED')
    const variables = { input, supersededId: old.id, revocation }
    const { stored, revoked } = await session.keyServer.run(supersedeTransactionKey, variables)
    await withRevoked(session, old.id, revoked)
    return await withoutTrustError(session, stored, { id: nextId, applicationServer: old.applicationServer })
  } catch (error) {
    // Another device has stored the successor meanwhile.
    const stored = isConflict(error) ? await readKey(session, nextId) : null
    if (stored === null) throw error
    return finish(session, old, stored)
  }
}

interface Superseded {
  readonly stored: DescribedTransactionKey
  readonly revoked: DescribedTransactionKey
}

const supersedeTransactionKey: Operation<Superseded> = {
  kind: 'mutation',
  // Executed serially in this order (GraphQL specification §6.2.2); when the first field is refused the request ends.
  document: /* GraphQL */ `
    mutation SupersedeTransactionKey($input: StoreTransactionKeyInput!, $supersededId: ID!, $revocation: JWS) {
      storeTransactionKey(input: $input) { ${transactionKeyFields} }
      revokeTransactionKey(id: $supersededId, reason: SUPERSEDED, revocation: $revocation) { ${transactionKeyFields} }
    }
  `,
  parse: async (data) => ({
    stored: await parseTransactionKey(data.object('storeTransactionKey')),
    revoked: await parseTransactionKey(data.object('revokeTransactionKey')),
  }),
}

/** Completes a rotation whose successor is stored: the old key may not be revoked yet. */
async function finish(
  session: Session,
  old: TransactionKey,
  successor: TransactionKey,
): Promise<TransactionKey> {
  const { id } = successor
  const certified = await withoutTrustError(session, successor, {
    id,
    applicationServer: old.applicationServer,
  })
  if (old.revokedAt === null) await revokeKey(session, old.id, { reason: 'SUPERSEDED' })
  return certified
}

/** The given terms, and the old key's for the others. An undefined member counts as not given. */
function successorTerms(given: CreateKeyOptions, before: CreateKeyOptions): CreateKeyOptions {
  const {
    label = before.label,
    expiresAt = before.expiresAt,
    expiryNotices = before.expiryNotices,
    maxUses = before.maxUses,
    overusePolicy = before.overusePolicy,
  } = given
  return { label, expiresAt, expiryNotices, maxUses, overusePolicy }
}

function termsOf(old: TransactionKey, certificate: KeyCertificate | null): CreateKeyOptions {
  const { label, maxUses, overusePolicy } = old
  return {
    label: label ?? undefined,
    maxUses: maxUses ?? undefined,
    overusePolicy,
    ...(old.expiresAt !== null && termFromNow(old, { expiresAt: old.expiresAt, certificate })),
  }
}

function termFromNow(
  { notBefore, createdAt, expiryNotices }: TransactionKey,
  { expiresAt, certificate }: { readonly expiresAt: Date; readonly certificate: KeyCertificate | null },
) {
  // `createdAt` is not certified: a key server could set it back to make the next term longer.
  const certifiedAt = certificate === null ? createdAt : new Date(certificate.iat * 1000)
  const lengthMs = expiresAt.getTime() - (notBefore ?? certifiedAt).getTime()
  return { expiresAt: new Date(Date.now() + lengthMs), expiryNotices }
}

function algorithmOf({ publicKey }: TransactionKey): TransactionKeyAlgorithm {
  if (publicKey === null) return 'A256GCM'
  if (publicKey.kty === 'OKP') return publicKey.crv
  if (publicKey.kty === 'EC' && publicKey.crv === 'P-256') return publicKey.crv
  throw new VaultError('ALGORITHM_MISMATCH', { detail: 'The SDK does not generate keys of this algorithm.' })
}

function isConflict(error: unknown): boolean {
  return error instanceof KeyServerError && error.code === 'CONFLICT'
}
