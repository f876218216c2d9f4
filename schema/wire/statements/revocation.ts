import { revocationReasons, type RevocationReason } from '../enums.ts'
import { Claims } from './claims.ts'

/** The owner's statement that a transaction key is revoked. */
export interface KeyRevocation {
  readonly v: 1
  /** The owner's name. */
  readonly iss: string
  /** The application server. */
  readonly aud: string
  /** The transaction key's id. */
  readonly jti: string
  /** RFC 7638 thumbprint of the key; for a symmetric key, that of the oct key. */
  readonly jkt: string
  /** Unix seconds. */
  readonly iat: number
  readonly reason: RevocationReason
}

/** The statement of one management key that another one of the same account is revoked. */
export interface ManagementKeyRevocation {
  readonly v: 1
  /** The owner's name. */
  readonly iss: string
  /** The revoked key's id: the RFC 7638 thumbprint of its signing key. */
  readonly sub: string
  /** Unix seconds. */
  readonly iat: number
}

/** @throws {InvalidStatement} */
export function parseRevocation(payload: object): KeyRevocation | ManagementKeyRevocation {
  const claims = new Claims(payload)
  const named = { v: claims.version(), iss: claims.text('iss'), iat: claims.time('iat') }
  const revocation = claims.has('sub')
    ? { ...named, sub: claims.thumbprint('sub') }
    : {
        ...named,
        aud: claims.text('aud'),
        jti: claims.text('jti'),
        jkt: claims.thumbprint('jkt'),
        reason: claims.oneOf('reason', revocationReasons),
      }
  claims.assertNoOthers()
  return revocation
}
