import { encodeBase64url } from '../base64url.ts'
import type { PublicJwk } from './jwk.ts'

declare const brand: unique symbol

/** An RFC 7638 SHA-256 thumbprint in canonical base64url. Only {@link thumbprint} and {@link isThumbprint} make one. */
export type Thumbprint = string & { readonly [brand]: 'Thumbprint' }

/** RFC 7638 SHA-256 thumbprint, base64url. */
export async function thumbprint(jwk: PublicJwk): Promise<Thumbprint> {
  const canonical = new TextEncoder().encode(canonicalJson(jwk))
  const text = encodeBase64url(new Uint8Array(await crypto.subtle.digest('SHA-256', canonical)))
  if (!isThumbprint(text)) throw new TypeError('SHA-256 has 32 bytes.')
  return text
}

/** Whether a value has the form of a thumbprint: canonical base64url of 32 bytes. */
export function isThumbprint(value: unknown): value is Thumbprint {
  return typeof value === 'string' && form.test(value)
}

/** The JSON that a thumbprint is taken over: the required members in alphabetical order, no white space (RFC 7638 §3). */
export function canonicalJson(jwk: PublicJwk): string {
  const members = Object.entries(jwk).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify(Object.fromEntries(members))
}

/** 43 characters; the last one carries 4 bits, and its other two are zero (RFC 4648 §3.5). */
const form = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/
