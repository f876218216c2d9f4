import { decodeJwt } from 'jose'
import type { Term } from '../../schema/graphql/domain.ts'
import { badInput } from '../../schema/wire/errors.ts'
import { thumbprint } from '../../schema/wire/keys/jwk.ts'
import {
  InvalidStatement,
  parseStatement,
  type KeyCertificate,
} from '../../schema/wire/statements/statement.ts'
import type { SignedTransaction } from '../auth/signed-request.ts'
import { selectActiveSigner } from '../auth/active-signer.ts'
import { assertSignedBy, untrueClaim, type ReceivedStatement } from '../auth/received-statement.ts'
import type { OverusePolicy } from '../../schema/wire/enums.ts'

const field = 'input.certificate'

/** What a certificate states about a transaction key, as the server stores it. */
export interface CertifiedFacts extends Term {
  readonly id: string
  readonly applicationServer: string
  /** RFC 7638 thumbprint of the public key; null for a symmetric key. */
  readonly thumbprint: string | null
  readonly maxUses: number | null
  readonly overusePolicy: OverusePolicy
}

/**
 * Checks a certificate before it is stored: an active management key of the account signed it, and each of its claims
 * matches what the server stores. A claim that is left out states that there is none: without `exp` the term has no end.
 *
 * @throws {KeyServerError} BAD_USER_INPUT at `input.certificate`
 */
export async function assertCertificate(
  signed: SignedTransaction,
  certificate: ReceivedStatement<'claviger-key+jwt'>,
  facts: CertifiedFacts,
): Promise<void> {
  const signer = await selectActiveSigner(signed, certificate.kid)
  if (signer === null) {
    throw badInput(field, 'A certificate is signed by an active management key of the account.')
  }
  await assertSignedBy('claviger-key+jwt', certificate, {
    signingKey: signer.signingKey,
    now: signed.now,
    field,
  })
  if (certificate.payload.iss !== signer.owner) throw untrueClaim(field, 'iss')
  const untrue = await findUntrueClaim(certificate.payload, facts)
  if (untrue !== null) throw untrueClaim(field, untrue)
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
export async function assertStillTrue(stored: string, facts: CertifiedFacts): Promise<void> {
  const certificate = payloadOf(stored)
  const untrue = certificate && (await findUntrueClaim(certificate, facts))
  if (certificate !== null && untrue === null) return
  throw badInput(
    field,
    `The stored certificate would not be true any more ("${untrue ?? 'form'}"): give a new one with the change, or null.`,
  )
}

/** The name of the first claim that is not what the facts are; null when all are. The owner's name is not among them. */
async function findUntrueClaim(certificate: KeyCertificate, facts: CertifiedFacts): Promise<string | null> {
  const { cnf } = certificate
  const stated = 'jwk' in cnf ? await thumbprint(cnf.jwk) : null
  const comparisons: Readonly<Record<string, boolean>> = {
    jti: certificate.jti === facts.id,
    aud: certificate.aud === facts.applicationServer,
    nbf: (certificate.nbf ?? null) === toSeconds(facts.notBefore),
    exp: (certificate.exp ?? null) === toSeconds(facts.expiresAt),
    max_uses: (certificate.max_uses ?? null) === facts.maxUses,
    overuse: (certificate.overuse ?? 'NOTIFY') === facts.overusePolicy,
    // Whose thumbprint `jkt` is only the owner can tell: the server has never seen the symmetric key.
    cnf: stated === facts.thumbprint,
  }
  return Object.keys(comparisons).find((claim) => comparisons[claim] === false) ?? null
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

/** Certificates state instants in whole seconds, rounded down. */
function toSeconds(date: Date | null): number | null {
  return date && Math.floor(date.getTime() / 1000)
}
