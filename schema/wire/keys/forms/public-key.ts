import { assertSoundPoint, InvalidJwk, parsePublicJwkForm, type PublicJwk } from '../jwk.ts'
import { isOpenSsh, parseOpenSsh } from './openssh.ts'
import { decodePem, isPem } from './pem.ts'
import { parseSpki } from './spki.ts'

/**
 * Parses a received public key of any form: a JWK, a PEM text (SubjectPublicKeyInfo), an OpenSSH public key line, the DER
 * of a SubjectPublicKeyInfo, or an extractable WebCrypto public key. Whatever the form, the same key is the same JWK.
 *
 * Private keys are refused in every form, and nothing of what was received is in the error.
 *
 * @throws {InvalidJwk}
 */
export async function parsePublicKey(value: unknown): Promise<PublicJwk> {
  const jwk = await parsePublicKeyForm(value)
  assertSoundPoint(jwk)
  return jwk
}

/**
 * As {@link parsePublicKey}, but for whether the key is a sound point: to look for it among keys that were parsed before.
 *
 * @throws {InvalidJwk}
 */
export function parsePublicKeyForm(value: unknown): PublicJwk | Promise<PublicJwk> {
  if (typeof value === 'string') return parseText(value)
  if (value instanceof Uint8Array) return parseSpki(value)
  if (value instanceof CryptoKey) return parseCryptoKey(value)
  return parsePublicJwkForm(value)
}

/** Longest text that could be a key of a known form, in characters. */
const charactersMax = 16 * 1024

function parseText(text: string): PublicJwk | Promise<PublicJwk> {
  if (text.length <= charactersMax) {
    if (isPem(text)) return parseSpki(decodePem(text))
    if (isOpenSsh(text)) return parseOpenSsh(text)
  }
  throw new InvalidJwk('A key in text is PEM ("PUBLIC KEY") or an OpenSSH public key line.')
}

async function parseCryptoKey(key: CryptoKey): Promise<PublicJwk> {
  if (key.type !== 'public') throw new InvalidJwk('A CryptoKey that is shown is a public key.')
  if (!key.extractable) throw new InvalidJwk('A CryptoKey that is shown can be exported.')
  return parsePublicJwkForm(await crypto.subtle.exportKey('jwk', key))
}
