import type { PublicJwk } from '../../schema/wire/keys/jwk.ts'

export interface VerificationQuery {
  readonly owner: string
  readonly publicKey: PublicJwk
  readonly thumbprint: string
}
