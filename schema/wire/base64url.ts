const alphabet = /^[\w-]*$/

/** By the length modulo 4: the allowed last characters, whose unused bits are zero. */
const lastCharacters = [null, '', 'AQgw', 'AEIMQUYcgkosw048'] as const

/** Encodes bytes as unpadded base64url (RFC 4648 §5, RFC 7515 appendix C). */
export function encodeBase64url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/**
 * Decodes unpadded base64url in canonical form only: no padding, no white space, and unused bits of the last character zero.
 * Otherwise two strings that decode to the same bytes would be two names of one key.
 *
 * @returns the bytes, or null when `text` is not canonical base64url.
 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | null {
  const allowed = lastCharacters[text.length % 4] ?? null
  if (!alphabet.test(text) || (allowed !== null && !allowed.includes(text.slice(-1)))) return null
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  const bytes = new Uint8Array(binary.length)
  for (let index = 0; index < bytes.length; index++) bytes[index] = binary.charCodeAt(index)
  return bytes
}

/** Encodes bytes as padded base64 (RFC 4648 §4), as byte sequences in structured fields have it (RFC 9651). */
export function encodeBase64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}
