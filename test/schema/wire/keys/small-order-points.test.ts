import { verify } from 'node:crypto'
import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { describe, expect, test } from 'vitest'
import { InvalidJwk, parsePublicJwk } from '../../../../schema/wire/keys/jwk.ts'
import { assertPrimeOrder } from '../../../../schema/wire/keys/prime-order.ts'
import {
  nonCanonicalSmallOrderEd25519,
  smallOrderEd25519,
  smallOrderX25519,
} from '../../../support/vectors/small-order-points.ts'

const fieldPrime = 2n ** 255n - 19n

describe('an Ed25519 key', () => {
  test.each([...smallOrderEd25519])('that is the point $hex of order $order is refused', ({ order, hex }) => {
    expect(orderOf(hex)).toBe(order)
    expect(() => parseOkp('Ed25519', Buffer.from(hex, 'hex'))).toThrow(InvalidJwk)
  })

  test.each([...nonCanonicalSmallOrderEd25519])(
    'that spells a point of order $order as $hex is refused',
    ({ order, hex }) => {
      expect(orderOf(hex)).toBe(order)
      expect(() => parseOkp('Ed25519', Buffer.from(hex, 'hex'))).toThrow(InvalidJwk)
    },
  )

  test('whose y is not reduced is refused, also when the point has a large order', () => {
    let decodable = 0
    for (let y = fieldPrime; y < 2n ** 255n; y++) {
      for (const sign of [0n, 1n]) {
        const bytes = littleEndian(y | (sign << 255n))
        if (isPoint(bytes)) decodable++
        expect(() => parseOkp('Ed25519', bytes)).toThrow(InvalidJwk)
      }
    }
    // A decoder without the check takes 26 of these 38 encodings for points: four of them are the vectors above.
    expect(decodable).toBeGreaterThan(20)
  })

  test('that is no point of the curve is refused', () => {
    const bytes = Buffer.alloc(32, 2)
    expect(isPoint(bytes)).toBe(false)
    expect(() => parseOkp('Ed25519', bytes)).toThrow(InvalidJwk)
  })

  test('of 31 or 33 bytes is refused', () => {
    const sound = ed25519.Point.BASE.toBytes()
    expect(() => parseOkp('Ed25519', sound.subarray(1))).toThrow(InvalidJwk)
    expect(() => parseOkp('Ed25519', Uint8Array.of(...sound, 0))).toThrow(InvalidJwk)
  })

  test.each(smallOrderEd25519.filter(({ order }) => order > 1))(
    'of mixed order, with a part of order $order, is not registered',
    ({ hex }) => {
      const mixed = ed25519.Point.BASE.add(ed25519.Point.fromHex(hex)).toBytes()
      // It is no point of small order, and signatures under it exist.
      const jwk = parseOkp('Ed25519', mixed)
      expect(() => {
        assertPrimeOrder(jwk)
      }).toThrow(InvalidJwk)
    },
  )

  test('of prime order is registered', () => {
    assertPrimeOrder(parseOkp('Ed25519', ed25519.Point.BASE.toBytes()))
    assertPrimeOrder(parseOkp('Ed25519', ed25519.keygen().publicKey))
  })

  test('of large order is accepted', () => {
    expect(parseOkp('Ed25519', ed25519.Point.BASE.toBytes()).kty).toBe('OKP')
  })
})

/*
 * Why the check exists. R = B and S = 1 satisfy [8][S]B = [8]R + [8][k]A for every k when [8]A is the identity, so
 * under such a key the same 64 bytes are a signature of every message. Verifiers differ in whether they look.
 */
const forged = Uint8Array.of(...ed25519.Point.BASE.toBytes(), 1, ...new Uint8Array(31))
const messages = ['pay 1 to alice', 'pay 1000 to mallory'].map((text) => new TextEncoder().encode(text))
const doesRuntimeAccept = messages.every((message) => isForgeryAcceptedByRuntime(message))

describe('one fixed signature', () => {
  test.each([...smallOrderEd25519])(
    'is valid for two messages under the point $hex, by RFC 8032 §5.1.7',
    ({ hex }) => {
      for (const message of messages) {
        expect(ed25519.verify(forged, message, Buffer.from(hex, 'hex'))).toBe(true)
      }
    },
  )

  test('is not valid under a key of large order', () => {
    const { publicKey } = ed25519.keygen()
    for (const message of messages) expect(ed25519.verify(forged, message, publicKey)).toBe(false)
  })

  test(`is ${doesRuntimeAccept ? 'accepted' : 'refused'} by the OpenSSL of this runtime under the point of order 1`, () => {
    for (const message of messages) expect(isForgeryAcceptedByRuntime(message)).toBe(doesRuntimeAccept)
  })
})

describe('an X25519 key', () => {
  test.each([...smallOrderX25519])('that is the integer %s is refused', (u) => {
    // noble refuses an all-zero shared secret.
    const reduced = littleEndian(u % fieldPrime)
    expect(() => x25519.getSharedSecret(new Uint8Array(32).fill(1), reduced)).toThrow()
    expect(() => parseOkp('X25519', littleEndian(u))).toThrow(InvalidJwk)
  })

  test('whose u is not reduced, or has its unused bit set, is refused', () => {
    for (let u = fieldPrime; u < 2n ** 255n; u++) {
      expect(() => parseOkp('X25519', littleEndian(u))).toThrow(InvalidJwk)
    }
    expect(() => parseOkp('X25519', littleEndian(9n | (1n << 255n)))).toThrow(InvalidJwk)
  })

  test('that is the base point is accepted', () => {
    expect(parseOkp('X25519', littleEndian(9n)).kty).toBe('OKP')
  })
})

function parseOkp(crv: 'Ed25519' | 'X25519', bytes: Uint8Array) {
  return parsePublicJwk({ kty: 'OKP', crv, x: Buffer.from(bytes).toString('base64url') })
}

function littleEndian(integer: bigint): Uint8Array {
  return Buffer.from(integer.toString(16).padStart(64, '0'), 'hex').reverse()
}

/** As a decoder that forgives non-canonical spellings (ZIP 215) reads it. */
function orderOf(hex: string): number {
  const point = ed25519.Point.fromBytes(Buffer.from(hex, 'hex'), true)
  let sum = point
  let order = 1
  while (!sum.is0() && order <= 8) {
    sum = sum.add(point)
    order++
  }
  return order
}

function isPoint(bytes: Uint8Array): boolean {
  try {
    ed25519.Point.fromBytes(bytes, true)
    return true
  } catch {
    return false
  }
}

function isForgeryAcceptedByRuntime(message: Uint8Array): boolean {
  const x = Buffer.from(smallOrderEd25519[0].hex, 'hex').toString('base64url')
  try {
    return verify(null, message, { key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }, forged)
  } catch {
    return false
  }
}
