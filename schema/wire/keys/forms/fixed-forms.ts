import { encodeBase64url } from '../../base64url.ts'
import { parsePublicJwkForm, type PublicJwk } from '../jwk.ts'

/**
 * An encoding in which all keys of one type have the same bytes before the key itself. It is parsed by comparing these bytes,
 * so that there is one spelling, and no length field that could be wrong.
 */
export interface FixedForm {
  /** The bytes before the key. */
  readonly prefix: Uint8Array
  /** Length of the key in bytes. */
  readonly keyBytes: number
  readonly toJwk: (key: Uint8Array) => unknown
}

/**
 * Parses a key in one of `forms`; null for other bytes. The caller checks the point.
 */
export function parseFixedForm(bytes: Uint8Array, forms: readonly FixedForm[]): PublicJwk | null {
  const form = forms.find(
    ({ prefix, keyBytes }) =>
      bytes.length === prefix.length + keyBytes && prefix.every((byte, index) => bytes[index] === byte),
  )
  return form === undefined ? null : parsePublicJwkForm(form.toJwk(bytes.subarray(form.prefix.length)))
}

/** An Edwards or Montgomery key: the bytes are `x` (RFC 8037 §2). */
export function okpForm(crv: 'Ed25519' | 'X25519', prefix: Uint8Array): FixedForm {
  return { prefix, keyBytes: 32, toJwk: (x) => ({ kty: 'OKP', crv, x: encodeBase64url(x) }) }
}

/** An uncompressed point, whose leading 0x04 is in the prefix: the bytes are `x` and `y` (SEC 1 §2.3.3). */
export function ecForm(crv: 'P-256' | 'P-384' | 'P-521', prefix: Uint8Array): FixedForm {
  const coordinateBytes = { 'P-256': 32, 'P-384': 48, 'P-521': 66 }[crv]
  return {
    prefix,
    keyBytes: 2 * coordinateBytes,
    toJwk: (point) => ({
      kty: 'EC',
      crv,
      x: encodeBase64url(point.subarray(0, coordinateBytes)),
      y: encodeBase64url(point.subarray(coordinateBytes)),
    }),
  }
}

/** A key of FIPS 204 (ML-DSA). */
export function mlDsaForm(
  alg: 'ML-DSA-44' | 'ML-DSA-65' | 'ML-DSA-87',
  { prefix, keyBytes }: Omit<FixedForm, 'toJwk'>,
): FixedForm {
  return { prefix, keyBytes, toJwk: (pub) => ({ kty: 'AKP', alg, pub: encodeBase64url(pub) }) }
}

/** Decodes pairs of hexadecimal digits; spaces are ignored. */
export function bytesOfHex(text: string): Uint8Array {
  const pairs = text.replaceAll(' ', '').match(/../g) ?? []
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16))
}
