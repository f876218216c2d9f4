import { assertSoundPoint, InvalidJwk, parsePublicJwkForm, type PublicJwk } from '../jwk.ts'
import { isOpenSsh, parseOpenSsh } from './openssh.ts'
import { decodePem, isPem } from './pem.ts'
import { parseSpki } from './spki.ts'

/**
 * Parses a received public key in any form: a JWK, PEM (SubjectPublicKeyInfo), an OpenSSH public key line, the DER of a
 * SubjectPublicKeyInfo, or an extractable WebCrypto public key. All forms of a key give the same JWK.
 *
 * Private keys are refused in every form. The error contains nothing of the received value.
 *
 * @throws {InvalidJwk}
 */
export async function parsePublicKey(value: unknown): Promise<PublicJwk> {
  const jwk = await parsePublicKeyForm(value)
  assertSoundPoint(jwk)
  return jwk
}

/**
 * As {@link parsePublicKey} without the check of the point: to find the key among those that were parsed before.
 *
 * @throws {InvalidJwk}
 */
export function parsePublicKeyForm(value: unknown): PublicJwk | Promise<PublicJwk> {
  if (typeof value === 'string') return parseText(value)
  if (value instanceof Uint8Array) return parseSpki(value)
  if (value instanceof CryptoKey) return parseCryptoKey(value)
  return parsePublicJwkForm(value)
}

/** Maximum length of a key in a string, in characters. */
const charactersMax = 16 * 1024

function parseText(text: string): PublicJwk | Promise<PublicJwk> {
  if (text.length <= charactersMax) {
    if (isPem(text)) return parseSpki(decodePem(text))
    if (isOpenSsh(text)) return parseOpenSsh(text)
  }
  throw new InvalidJwk('A key in a string is PEM ("PUBLIC KEY") or an OpenSSH public key line.')
}

async function parseCryptoKey(key: CryptoKey): Promise<PublicJwk> {
  if (key.type !== 'public') throw new InvalidJwk('A CryptoKey must be a public key.')
  if (!key.extractable) throw new InvalidJwk('A CryptoKey must be extractable.')
  return parsePublicJwkForm(await crypto.subtle.exportKey('jwk', key))
}
