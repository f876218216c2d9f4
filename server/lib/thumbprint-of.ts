import { hash } from 'node:crypto'
import type { PublicJwk } from '../../schema/wire/keys/jwk.ts'
import { canonicalJson } from '../../schema/wire/keys/thumbprint.ts'

/** As `thumbprint` of the schema, which goes through WebCrypto: for 100 bytes that costs more than ten times as much. */
export function thumbprintOf(jwk: PublicJwk): string {
  return hash('sha256', canonicalJson(jwk), 'base64url')
}
