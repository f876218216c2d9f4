import { encodeBase64 } from '../../base64url.ts'

/** Decodes padded base64 (RFC 4648 §4), in canonical form only; null for any other string. */
export function decodeBase64(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return null
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  return encodeBase64(bytes) === text ? bytes : null
}
