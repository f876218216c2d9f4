import type { PublicJwk, SigningJwk } from '../keys/jwk.ts'
import { Claims } from './claims.ts'

/**
 * A transaction key's own statement that its holder stores it for this owner and application server (RFC 4211 §4). It says
 * nothing about the key's term, so it stays true when that changes. Its signer is the key itself.
 */
export interface KeyPossession {
  readonly v: 1
  /** The owner's name. */
  readonly iss: string
  /** The application server. */
  readonly aud: string
  /** The transaction key's id. */
  readonly jti: string
  /** Unix seconds. */
  readonly iat: number
}

/** The facts that a possession statement is compared with. Absent: unknown to the reader, and not compared. */
export interface PossessedKey {
  readonly owner: string
  readonly applicationServer: string
  readonly id?: string | undefined
}

/**
 * Null when the key cannot prove possession: it is for encryption or key agreement, or of an algorithm that statements
 * do not have.
 */
export function possessionSignerOf(publicKey: PublicJwk | null): SigningJwk | null {
  if (publicKey?.kty === 'OKP' && publicKey.crv === 'Ed25519') return { ...publicKey, crv: publicKey.crv }
  if (publicKey?.kty === 'EC' && publicKey.crv === 'P-256') return { ...publicKey, crv: publicKey.crv }
  return null
}

/** The name of the first claim that does not match; null when all do. */
export function firstMismatchedPossessionClaim(
  { iss, aud, jti }: KeyPossession,
  { owner, applicationServer, id }: PossessedKey,
): keyof KeyPossession | null {
  if (iss !== owner) return 'iss'
  if (aud !== applicationServer) return 'aud'
  return id === undefined || jti === id ? null : 'jti'
}

/** @throws {InvalidStatement} */
export function parseKeyPossession(payload: object): KeyPossession {
  const claims = new Claims(payload)
  const possession: KeyPossession = {
    v: claims.version(),
    iss: claims.text('iss'),
    aud: claims.text('aud'),
    jti: claims.text('jti'),
    iat: claims.time('iat'),
  }
  claims.assertNoOthers()
  return possession
}
