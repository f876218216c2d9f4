import type { PublicJwk } from '../../schema/wire/keys/jwk.ts'
import type { Thumbprint } from '../../schema/wire/brands.ts'

/** A query about a public key that was parsed. */
export interface VerificationQuery {
  readonly owner: string
  readonly publicKey: PublicJwk
  /** RFC 7638 thumbprint of `publicKey`. */
  readonly thumbprint: Thumbprint
}
