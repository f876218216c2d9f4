import { thumbprint, type PublicJwk } from '../../schema/wire/keys/jwk.ts'
import { limits } from '../../schema/wire/limits.ts'
import type { KeyCertificate } from '../../schema/wire/statements/statement.ts'
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
    ...(notBefore !== null && { nbf: toSeconds(notBefore) }),
    ...(expiresAt !== null && { exp: toSeconds(expiresAt) }),
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
 * Compares what the key server shows with what the owner signed.
 *
 * @returns the name of the first claim that says something else; null when all coincide.
 */
export async function firstMismatchedClaim(
  certificate: KeyCertificate,
  { owner, key }: { readonly owner: string; readonly key: DescribedKey },
): Promise<keyof KeyCertificate | null> {
  const claims = claimsOf(key)
  const coincides: Partial<Record<keyof KeyCertificate, boolean>> = {
    iss: certificate.iss === owner,
    aud: certificate.aud === key.applicationServer,
    jti: certificate.jti === key.id,
    nbf: certificate.nbf === claims.nbf,
    exp: certificate.exp === claims.exp,
    max_uses: certificate.max_uses === claims.max_uses,
    overuse: (certificate.overuse ?? 'NOTIFY') === key.overusePolicy,
    cnf: await confirms(certificate, key.publicKey),
  }
  for (const name of claimNames) if (coincides[name] === false) return name
  return null
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

const claimNames = ['iss', 'aud', 'jti', 'nbf', 'exp', 'max_uses', 'overuse', 'cnf'] as const

/** Of a symmetric key the key server shows nothing; that the secret is the certified one is checked when it is opened. */
async function confirms({ cnf }: KeyCertificate, publicKey: PublicJwk | null): Promise<boolean> {
  if (publicKey === null || 'jkt' in cnf) return publicKey === null && 'jkt' in cnf
  return (await thumbprint(cnf.jwk)) === (await thumbprint(publicKey))
}

function toSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000)
}
