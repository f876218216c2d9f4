import { managementKeyKinds, type ManagementKeyKind } from '../enums.ts'
import { parseSigningJwk, parseWrappingJwk, type SigningJwk, type WrappingJwk } from '../keys/jwk.ts'
import { Claims } from './claims.ts'

/** A management key's statement that another management key belongs to the account. */
export interface Endorsement {
  readonly v: 1
  /** The owner's name. */
  readonly iss: string
  /** The endorsed key's id: RFC 7638 thumbprint of `cnf.jwk`. */
  readonly sub: string
  /** Unix seconds. */
  readonly iat: number
  readonly kind: ManagementKeyKind
  readonly cnf: { readonly jwk: SigningJwk }
  /** The key that others wrap to. Absent: it has none. */
  readonly wrap?: WrappingJwk
}

/** The payload of an endorsement, byte for byte, signed by the endorsed key itself (RFC 4211 §4). */
export type PossessionProof = Endorsement

/** @throws {InvalidStatement} */
export function parseEndorsement(payload: object): Endorsement {
  const claims = new Claims(payload)
  const confirmation = claims.object('cnf')
  const endorsement: Endorsement = {
    v: claims.version(),
    iss: claims.text('iss'),
    sub: claims.thumbprint('sub'),
    iat: claims.time('iat'),
    kind: claims.oneOf('kind', managementKeyKinds),
    cnf: { jwk: confirmation.jwk('jwk', parseSigningJwk) },
    ...claims.optional('wrap', (name) => claims.jwk(name, parseWrappingJwk)),
  }
  confirmation.assertNoOthers()
  claims.assertNoOthers()
  return endorsement
}
