const alphabet = /^[A-Za-z0-9_-]*$/

/** Encodes bytes as unpadded base64url (RFC 4648 §5, RFC 7515 appendix C). */
export function encodeBase64url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/**
 * Decodes unpadded base64url, and only its one canonical spelling: no padding, no white space, and no stray bits in
 * the last character (two texts that decode to the same bytes would make two names for one key).
 *
 * @returns the bytes, or null when `text` is not canonical base64url.
 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | null {
  if (!alphabet.test(text) || text.length % 4 === 1) return null
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
  return encodeBase64url(bytes) === text ? bytes : null
}

/** Encodes bytes as padded base64 (RFC 4648 §4), the form of byte sequences in structured fields (RFC 9651). */
export function encodeBase64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}
