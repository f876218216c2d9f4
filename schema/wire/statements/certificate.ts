import { overusePolicies, type OverusePolicy } from '../enums.ts'
import { parsePublicJwk, type PublicJwk } from '../keys/jwk.ts'
import { thumbprint } from '../keys/thumbprint.ts'
import { Claims } from './claims.ts'

/** The owner's signed description of a transaction key. Times are Unix seconds. */
export interface KeyCertificate {
  readonly v: 1
  /** The owner's name. */
  readonly iss: string
  /** The application server. */
  readonly aud: string
  /** The transaction key's id. */
  readonly jti: string
  readonly iat: number
  /** `notBefore`, cut to seconds. Absent: the term has no beginning. */
  readonly nbf?: number
  /** `expiresAt`, cut to seconds. Absent: the term has no end. */
  readonly exp?: number
  /** Absent: no limit. */
  readonly max_uses?: number
  /** Absent: NOTIFY. */
  readonly overuse?: OverusePolicy
  /** RFC 7800: the public key or, for a symmetric key, the RFC 7638 thumbprint of the oct key. */
  readonly cnf: { readonly jwk: PublicJwk } | { readonly jkt: string }
}

/** The facts that a certificate is compared with. An absent member is unknown to the reader, and is not compared. */
export interface CertifiedFacts {
  readonly owner?: string | undefined
  readonly applicationServer: string
  readonly id?: string | undefined
  /** Null: the term has no beginning. */
  readonly notBefore: Date | null
  /** Null: the term has no end. */
  readonly expiresAt: Date | null
  /** Null: no limit. */
  readonly maxUses?: number | null | undefined
  readonly overusePolicy?: OverusePolicy | undefined
  /** RFC 7638 thumbprint of the public key; null for a symmetric key. */
  readonly thumbprint: string | null
}

/**
 * Compares a certificate with what the key server stores or answers. A claim that the certificate leaves out states that
 * there is none: without `exp` the term has no end.
 *
 * @param thumbprintOf of a public key. Default: {@link thumbprint}
 * @returns the name of the first claim that does not match; null when all do.
 */
export async function firstMismatchedClaim(
  certificate: KeyCertificate,
  facts: CertifiedFacts,
  thumbprintOf: (jwk: PublicJwk) => string | Promise<string> = thumbprint,
): Promise<keyof KeyCertificate | null> {
  const { iss, aud, jti, nbf = null, exp = null, max_uses = null, overuse = 'NOTIFY', cnf } = certificate
  // `jkt` is not compared: only the owner knows the thumbprint of a symmetric key.
  const confirmed = 'jwk' in cnf ? await thumbprintOf(cnf.jwk) : null
  const comparisons: readonly (readonly [keyof KeyCertificate, claim: unknown, fact: unknown])[] = [
    ['iss', iss, facts.owner],
    ['aud', aud, facts.applicationServer],
    ['jti', jti, facts.id],
    ['nbf', nbf, facts.notBefore && certifiedSeconds(facts.notBefore)],
    ['exp', exp, facts.expiresAt && certifiedSeconds(facts.expiresAt)],
    ['max_uses', max_uses, facts.maxUses],
    ['overuse', overuse, facts.overusePolicy],
    ['cnf', confirmed, facts.thumbprint],
  ]
  const mismatch = comparisons.find(([, claim, fact]) => fact !== undefined && fact !== claim)
  return mismatch?.[0] ?? null
}

/** An instant as certificates state it: Unix seconds, rounded down. */
export function certifiedSeconds(instant: Date): number {
  return Math.floor(instant.getTime() / 1000)
}

/** @throws {InvalidStatement} */
export function parseKeyCertificate(payload: object, parseJwk = parsePublicJwk): KeyCertificate {
  const claims = new Claims(payload)
  const certificate: KeyCertificate = {
    v: claims.version(),
    iss: claims.text('iss'),
    aud: claims.text('aud'),
    jti: claims.text('jti'),
    iat: claims.time('iat'),
    ...claims.optional('nbf', (name) => claims.time(name)),
    ...claims.optional('exp', (name) => claims.time(name)),
    ...claims.optional('max_uses', (name) => claims.count(name)),
    ...claims.optional('overuse', (name) => claims.oneOf(name, overusePolicies)),
    cnf: parseConfirmation(claims, parseJwk),
  }
  claims.assertNoOthers()
  return certificate
}

function parseConfirmation(claims: Claims, parseJwk: (value: unknown) => PublicJwk): KeyCertificate['cnf'] {
  const confirmation = claims.object('cnf')
  const cnf = confirmation.has('jwk')
    ? { jwk: confirmation.jwk('jwk', parseJwk) }
    : { jkt: confirmation.thumbprint('jkt') }
  confirmation.assertNoOthers()
  return cnf
}
