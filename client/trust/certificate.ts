import type { PublicJwk } from '../../schema/wire/keys/jwk.ts'
import { limits } from '../../schema/wire/limits.ts'
import { certifiedSeconds, type KeyCertificate } from '../../schema/wire/statements/certificate.ts'
import type { OverusePolicy, TransactionKeyState } from '../../schema/wire/enums.ts'

/** What an owner states about a transaction key. */
export interface KeyTerms {
  readonly notBefore: Date | null
  readonly expiresAt: Date | null
  readonly maxUses: number | null
  readonly overusePolicy: OverusePolicy
}

/** A transaction key as the key server describes it: what a certificate must say the same of. */
export interface DescribedKey extends KeyTerms {
  readonly id: string
  readonly applicationServer: string
  /** Null for a symmetric key. */
  readonly publicKey: PublicJwk | null
  readonly state: TransactionKeyState
  /** JWS `claviger-key+jwt`. */
  readonly certificate: string | null
  /** JWS `claviger-revocation+jwt`. */
  readonly revocation: string | null
}

/** Terms as a certificate states them: what is not limited is left out. */
export function claimsOf({
  notBefore,
  expiresAt,
  maxUses,
  overusePolicy,
}: KeyTerms): Pick<KeyCertificate, 'nbf' | 'exp' | 'max_uses' | 'overuse'> {
  return {
    ...(notBefore !== null && { nbf: certifiedSeconds(notBefore) }),
    ...(expiresAt !== null && { exp: certifiedSeconds(expiresAt) }),
    ...(maxUses !== null && { max_uses: maxUses }),
    ...(overusePolicy !== 'NOTIFY' && { overuse: overusePolicy }),
  }
}

/** The terms that a certificate states. Instants are whole seconds. */
export function termsOf({ nbf, exp, max_uses, overuse = 'NOTIFY' }: KeyCertificate): KeyTerms {
  return {
    notBefore: nbf === undefined ? null : new Date(nbf * 1000),
    expiresAt: exp === undefined ? null : new Date(exp * 1000),
    maxUses: max_uses ?? null,
    overusePolicy: overuse,
  }
}

/**
 * Whether the key server's word about the state fits the certified term, give or take what clocks differ by. Revocation
 * is no part of a certificate.
 */
export function isStatePossible(
  state: TransactionKeyState,
  { nbf = 0, exp = Infinity }: KeyCertificate,
  nowSeconds: number,
): boolean {
  const skew = limits.signatureClockSkewSeconds
  if (state === 'PENDING') return nowSeconds < nbf + skew
  if (state === 'EXPIRED') return nowSeconds >= exp - skew
  return state === 'REVOKED' || (nowSeconds >= nbf - skew && nowSeconds < exp + skew)
}
