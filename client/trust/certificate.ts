import type { PublicJwk } from '../../schema/wire/keys/jwk.ts'
import { limits } from '../../schema/wire/limits.ts'
import { certifiedSeconds, type KeyCertificate } from '../../schema/wire/statements/certificate.ts'
import type { OverusePolicy, TransactionKeyState } from '../../schema/wire/enums.ts'

/** The terms of a transaction key, as its owner certifies them. */
export interface KeyTerms {
  readonly notBefore: Date | null
  readonly expiresAt: Date | null
  readonly maxUses: number | null
  readonly overusePolicy: OverusePolicy
}

/** The part of the key server's description of a transaction key that its certificate must match. */
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

/** Terms as the claims of a certificate: an absent limit is an absent claim. */
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

/** The terms in a certificate. Instants are whole seconds. */
export function termsOf({ nbf, exp, max_uses, overuse = 'NOTIFY' }: KeyCertificate): KeyTerms {
  return {
    notBefore: nbf === undefined ? null : new Date(nbf * 1000),
    expiresAt: exp === undefined ? null : new Date(exp * 1000),
    maxUses: max_uses ?? null,
    overusePolicy: overuse,
  }
}

/**
 * Whether the state that the key server reports is possible in the certified term, within the clock skew of 30 seconds.
 * A certificate says nothing about revocation.
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
