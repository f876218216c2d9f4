import { KeyServerError } from '../../schema/wire/errors.ts'
import type { KeyCertificate } from '../../schema/wire/statements/statement.ts'
import type { TransactionKeyAlgorithm } from '../crypto/transaction-key.ts'
import { VaultError } from '../errors.ts'
import { prepareKey, type CreateKeyOptions } from '../keys/create.ts'
import { readKey, revokeKey, withRevoked } from '../keys/describe.ts'
import { assertTerms } from '../keys/check-arguments.ts'
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

/** What the successor has otherwise than the key it supersedes. Its term begins at once: the old key's has then ended. */
export type RotateKeyOptions = Omit<CreateKeyOptions, 'algorithm' | 'notBefore'> & UncertifiedOptions

/**
 * Stores a successor for the same application server and revokes the old key as SUPERSEDED, in one signed request: first
 * the one, then the other, so that at every moment one of them is active. A successor that is refused revokes nothing.
 *
 * The successor has the old key's algorithm, label and limits, and a term as long as the old one's, from now on.
 *
 * Repeating it is safe, from whatever device: the successor's id is made from the old id, so there is one.
 *
 * @returns the successor
 * @throws {KeyServerError} NOT_FOUND; KEY_REVOKED when it was revoked for another reason
 * @throws {VaultError} as `acquire`, when either key is not what its certificate says
 */
export async function rotateKey(
  session: Session,
  id: string,
  { acceptUncertified, ...options }: RotateKeyOptions = {},
): Promise<TransactionKey> {
  assertTerms(options, session.clock)
  const old = await readKey(session, id)
  if (old === null) throw new KeyServerError('NOT_FOUND', 'There is no such transaction key.')
  // What the key server says of it becomes the successor's: the owner must have said it before.
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
    // Another device was faster; what it stored is what counts.
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
  // Serially and in this order (GraphQL specification, 6.2.2); a refused first field ends the request.
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

/** The successor is stored: what may be missing is the revocation. */
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

/** What is not given is as it was. An undefined member is not given: it takes nothing away. */
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
  // `createdAt` is only the key server's word: moved back, it would make the next term longer.
  const certifiedAt = certificate === null ? createdAt : new Date(certificate.iat * 1000)
  const lengthMs = expiresAt.getTime() - (notBefore ?? certifiedAt).getTime()
  return { expiresAt: new Date(Date.now() + lengthMs), expiryNotices }
}

function algorithmOf({ publicKey }: TransactionKey): TransactionKeyAlgorithm {
  if (publicKey === null) return 'A256GCM'
  if (publicKey.kty === 'OKP') return publicKey.crv
  if (publicKey.kty === 'EC' && publicKey.crv === 'P-256') return publicKey.crv
  throw new VaultError('ALGORITHM_MISMATCH', { detail: 'Keys of this algorithm are not made here.' })
}

function isConflict(error: unknown): boolean {
  return error instanceof KeyServerError && error.code === 'CONFLICT'
}
