import { decodeJwt } from 'jose'
import type { AccountId } from '../../schema/wire/brands.ts'
import { badInput, type KeyServerError } from '../../schema/wire/errors.ts'
import {
  firstMismatchedClaim,
  type CertifiedFacts,
  type KeyCertificate,
} from '../../schema/wire/statements/certificate.ts'
import {
  InvalidStatement,
  parseStatement,
  type StatementVerifier,
} from '../../schema/wire/statements/statement.ts'
import type { SignedTransaction } from '../auth/signed-request.ts'
import { selectActiveSigner } from '../auth/active-signer.ts'
import { assertSignedBy, untrueClaim, type ReceivedStatement } from '../auth/received-statement.ts'
import { accountIdOf } from '../lib/account-id.ts'
import { thumbprintOf } from '../lib/thumbprint-of.ts'

const field = 'input.certificate'

type ReceivedCertificate = ReceivedStatement<'claviger-key+jwt'>

/** The stored facts of a transaction key that a certificate states: every fact but the owner's name. */
export type StoredFacts = Required<Omit<CertifiedFacts, 'owner'>>

/**
 * Checks a certificate before it is stored: an active management key of the account signed it, and each of its claims
 * matches what the server stores. A claim that is left out states that there is none: without `exp` the term has no end.
 *
 * @throws {KeyServerError} BAD_USER_INPUT at `input.certificate`
 */
export async function assertCertificate(
  signed: SignedTransaction,
  certificate: ReceivedCertificate,
  facts: StoredFacts,
): Promise<void> {
  const signer = await selectActiveSigner(signed, certificate.kid)
  if (signer === null) throw signerUnknown()
  await assertCertifiedBy(signer, certificate, { ...facts, accountId: signed.accountId, now: signed.now })
}

/**
 * Checks a certificate with the key of its signer.
 *
 * @param facts.now as in `assertSignedBy`
 * @throws {KeyServerError} BAD_USER_INPUT at `input.certificate`
 */
export async function assertCertifiedBy(
  { signingKey, cryptoKey, kid }: StatementVerifier,
  certificate: ReceivedCertificate,
  { accountId, now, ...facts }: StoredFacts & { readonly accountId: AccountId; readonly now: Date | null },
): Promise<void> {
  await assertSignedBy(certificate, { signingKey, cryptoKey, kid, now, field })
  const { payload } = certificate
  if (accountIdOf(payload.iss) !== accountId) throw untrueClaim(field, 'iss')
  const mismatched = await firstMismatchedClaim(payload, facts, thumbprintOf)
  if (mismatched !== null) throw untrueClaim(field, mismatched)
}

/** A BAD_USER_INPUT error at `input.certificate`. */
export function signerUnknown(): KeyServerError {
  return badInput(field, 'A certificate is signed by an active management key of the account.')
}

/**
 * Checks that a new certificate does not take a key back to an older one.
 *
 * @throws {KeyServerError} BAD_USER_INPUT at `input.certificate`
 */
export function assertNotOlder({ iat }: KeyCertificate, stored: string | null): void {
  // Only `iat` is read: a certificate that was stored under an older, laxer form has it as well.
  if (stored !== null && iat < (decodeJwt(stored).iat ?? 0)) {
    throw badInput(field, 'A certificate must not be older than the one that it replaces.')
  }
}

/**
 * Checks that the certificate which stays is still true after a change of what it states.
 *
 * @throws {KeyServerError} BAD_USER_INPUT at `input.certificate`
 */
export async function assertStillTrue(stored: string, facts: StoredFacts): Promise<void> {
  const certificate = payloadOf(stored)
  const mismatched = certificate && (await firstMismatchedClaim(certificate, facts))
  if (certificate !== null && mismatched === null) return
  throw badInput(
    field,
    `The stored certificate would not be true any more ("${mismatched ?? 'form'}"): give a new one with the change, or null.`,
  )
}

/** Null for a certificate of an older form, which clients no longer accept. */
function payloadOf(stored: string): KeyCertificate | null {
  try {
    return parseStatement('claviger-key+jwt', stored).payload
  } catch (error) {
    if (error instanceof InvalidStatement) return null
    throw error
  }
}
