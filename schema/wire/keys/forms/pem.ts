import { InvalidJwk } from '../jwk.ts'
import { decodeBase64 } from './base64.ts'

const block = /^\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]*)-----END PUBLIC KEY-----\s*$/

/** Whether a text is meant as PEM (RFC 7468). */
export function isPem(text: string): boolean {
  return text.includes('-----BEGIN ')
}

/**
 * The DER in a PEM text: one block `PUBLIC KEY` (RFC 7468 §13), and nothing but white space around it.
 *
 * @throws {InvalidJwk}
 */
export function decodePem(text: string): Uint8Array {
  // Of every kind: PKCS #8, encrypted, "RSA", "EC" and "OPENSSH".
  if (text.includes('PRIVATE KEY-----')) {
    throw new InvalidJwk('This is a private key: keep it, and show its public key.')
  }
  const [, base64] = block.exec(text) ?? []
  const bytes = base64 === undefined ? null : decodeBase64(base64.replace(/\s/g, ''))
  if (bytes === null) throw new InvalidJwk('A PEM key is one block "PUBLIC KEY" (RFC 7468 §13).')
  return bytes
}
