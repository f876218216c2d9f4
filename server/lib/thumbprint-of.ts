import { hash } from 'node:crypto'
import type { PublicJwk } from '../../schema/wire/keys/jwk.ts'
import { canonicalJson } from '../../schema/wire/keys/thumbprint.ts'

/** As `thumbprint` of the schema, but synchronous: WebCrypto, for these 100 bytes, takes more than ten times as long. */
export function thumbprintOf(jwk: PublicJwk): string {
  return hash('sha256', canonicalJson(jwk), 'base64url')
}
