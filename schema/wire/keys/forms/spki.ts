import { InvalidJwk, parsePublicJwkForm, type PublicJwk } from '../jwk.ts'
import { bytesOfHex, ecForm, mlDsaForm, okpForm, parseFixedForm, type FixedForm } from './fixed-forms.ts'

/**
 * Parses a public key as SubjectPublicKeyInfo in DER (RFC 5280 §4.1.2.7). Points are uncompressed and curves named. The
 * caller checks the point.
 *
 * @throws {InvalidJwk}
 */
export async function parseSpki(bytes: Uint8Array): Promise<PublicJwk> {
  const jwk = parseFixedForm(bytes, forms) ?? (await parseRsa(Uint8Array.from(bytes)))
  if (jwk !== null) return jwk
  throw new InvalidJwk('A key in bytes is a SubjectPublicKeyInfo in DER of one of the known types.')
}

/** SEQUENCE { SEQUENCE { OBJECT IDENTIFIER, parameters }, BIT STRING } up to the key. */
const forms: readonly FixedForm[] = [
  // RFC 8410 §3: 1.3.101.112 and 1.3.101.110.
  okpForm('Ed25519', bytesOfHex('302a 3005 0603 2b6570 032100')),
  okpForm('X25519', bytesOfHex('302a 3005 0603 2b656e 032100')),
  // RFC 5480 §2.1.1: 1.2.840.10045.2.1 with a named curve.
  ecForm('P-256', bytesOfHex('3059 3013 0607 2a8648ce3d0201 0608 2a8648ce3d030107 034200 04')),
  ecForm('P-384', bytesOfHex('3076 3010 0607 2a8648ce3d0201 0605 2b81040022 036200 04')),
  ecForm('P-521', bytesOfHex('30819b 3010 0607 2a8648ce3d0201 0605 2b81040023 03818600 04')),
  // RFC 9881 §2: 2.16.840.1.101.3.4.3.17 to 19.
  mlDsaForm('ML-DSA-44', {
    prefix: bytesOfHex('30820532 300b 0609 608648016503040311 0382052100'),
    keyBytes: 1312,
  }),
  mlDsaForm('ML-DSA-65', {
    prefix: bytesOfHex('308207b2 300b 0609 608648016503040312 038207a100'),
    keyBytes: 1952,
  }),
  mlDsaForm('ML-DSA-87', {
    prefix: bytesOfHex('30820a32 300b 0609 608648016503040313 03820a2100'),
    keyBytes: 2592,
  }),
]

/** Maximum size of an RSA key's SubjectPublicKeyInfo in bytes: a modulus of 8,192 bits and the rest. */
const rsaBytesMax = 1100

/** RSA keys have no fixed length, so WebCrypto parses them; its export must be the same bytes. */
async function parseRsa(bytes: Uint8Array<ArrayBuffer>): Promise<PublicJwk | null> {
  if (bytes.length > rsaBytesMax) return null
  try {
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
    const key = await crypto.subtle.importKey('spki', bytes, algorithm, true, ['verify'])
    const canonical = new Uint8Array(await crypto.subtle.exportKey('spki', key))
    if (canonical.length !== bytes.length || !canonical.every((byte, index) => bytes[index] === byte)) {
      return null
    }
    return parsePublicJwkForm(await crypto.subtle.exportKey('jwk', key))
  } catch (error) {
    if (error instanceof InvalidJwk) throw error
    return null
  }
}
