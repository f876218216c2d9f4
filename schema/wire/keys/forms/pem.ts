import { InvalidJwk } from '../jwk.ts'
import { decodeBase64 } from './base64.ts'

const block = /^\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]*)-----END PUBLIC KEY-----\s*$/

/** Whether a string looks like PEM (RFC 7468). */
export function isPem(text: string): boolean {
  return text.includes('-----BEGIN ')
}

/**
 * Decodes the DER in PEM: one block `PUBLIC KEY` (RFC 7468 §13) with only white space around it.
 *
 * @throws {InvalidJwk}
 */
export function decodePem(text: string): Uint8Array {
  // PKCS #8, encrypted PKCS #8, "RSA", "EC" and "OPENSSH".
  if (text.includes('PRIVATE KEY-----')) {
    throw new InvalidJwk('This is a private key: keep it secret, and send its public key.')
  }
  const [, base64] = block.exec(text) ?? []
  const bytes = base64 === undefined ? null : decodeBase64(base64.replace(/\s/g, ''))
  if (bytes === null) throw new InvalidJwk('A PEM key is one block "PUBLIC KEY" (RFC 7468 §13).')
  return bytes
}
