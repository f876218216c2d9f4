import { encodeBase64url } from '../base64url.ts'
import { isThumbprint, type Thumbprint } from '../brands.ts'
import type { PublicJwk } from './jwk.ts'

/** RFC 7638 SHA-256 thumbprint, base64url. */
export async function thumbprint(jwk: PublicJwk): Promise<Thumbprint> {
  const canonical = new TextEncoder().encode(canonicalJson(jwk))
  const text = encodeBase64url(new Uint8Array(await crypto.subtle.digest('SHA-256', canonical)))
  if (!isThumbprint(text)) throw new TypeError('SHA-256 has 32 bytes.')
  return text
}

/**
 * The JSON that a thumbprint is taken over: the required members in alphabetical order, no white space (RFC 7638 §3). The
 * values of a parsed key need no escapes.
 */
export function canonicalJson(jwk: PublicJwk): string {
  switch (jwk.kty) {
    case 'OKP':
      return `{"crv":"${jwk.crv}","kty":"OKP","x":"${jwk.x}"}`
    case 'EC':
      return `{"crv":"${jwk.crv}","kty":"EC","x":"${jwk.x}","y":"${jwk.y}"}`
    case 'RSA':
      return `{"e":"${jwk.e}","kty":"RSA","n":"${jwk.n}"}`
    case 'AKP':
      return `{"alg":"${jwk.alg}","kty":"AKP","pub":"${jwk.pub}"}`
  }
}
