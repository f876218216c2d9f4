import { mapHashToField } from '@noble/curves/abstract/modular.js'
import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { encodeBase64url } from '../../schema/wire/base64url.ts'
import type { PublicJwk } from '../../schema/wire/keys/jwk.ts'

/** Computes public keys from the 32 bytes of private ones without Web Crypto. Throws when it is not a private key. */
export const arithmetic: Readonly<Record<'Ed25519' | 'X25519' | 'P-256', (d: Uint8Array) => PublicJwk>> = {
  Ed25519: (d) => ({ kty: 'OKP', crv: 'Ed25519', x: encodeBase64url(ed25519.getPublicKey(d)) }),
  X25519: (d) => ({ kty: 'OKP', crv: 'X25519', x: encodeBase64url(x25519.getPublicKey(d)) }),
  'P-256': (d) => {
    // SEC 1 §2.3.3, uncompressed: 0x04, x, y.
    const point = p256.getPublicKey(d, false)
    const [x, y] = [point.subarray(1, 33), point.subarray(33)]
    return { kty: 'EC', crv: 'P-256', x: encodeBase64url(x), y: encodeBase64url(y) }
  },
}

/** As many as RFC 9380 §5.1 takes for P-256: 128 bits more than the order, so that the bias is negligible. */
export const scalarInputBytes = 48

/** A private key of P-256 from {@link scalarInputBytes} random bytes (FIPS 186-5 A.2.1): the bytes modulo n - 1, plus 1. */
export function scalarOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(mapHashToField(bytes, p256.Point.Fn.ORDER))
}
