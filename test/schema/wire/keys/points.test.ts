import { ed25519 } from '@noble/curves/ed25519.js'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isOnCurve, okpPointChecks } from '../../../../schema/wire/keys/points.ts'

/* The checks are a few lines of our own, so that pages need no library for them: here is what such a library says. */

test('an Ed25519 point is sound exactly when it decodes and is not of small order', () => {
  let sound = 0
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const expected = isSoundBy(bytes)
      if (expected) sound += 1
      expect(okpPointChecks.Ed25519(bytes)).toBe(expected)
    }),
    { numRuns: 500 },
  )
  // About half of all encodings are points.
  expect(sound).toBeGreaterThan(50)
  expect(sound).toBeLessThan(450)
})

test('every multiple of the base point is sound, and so is its negative', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 2n ** 252n }), (scalar) => {
      const point = ed25519.Point.BASE.multiply(scalar)
      expect(okpPointChecks.Ed25519(point.toBytes())).toBe(true)
      expect(okpPointChecks.Ed25519(point.negate().toBytes())).toBe(true)
    }),
  )
})

describe.each([
  ['P-256', p256, 32],
  ['P-384', p384, 48],
  ['P-521', p521, 66],
] as const)('a point of %s', (crv, curve, bytes) => {
  const prime = curve.Point.Fp.ORDER

  test('that is a multiple of the base point is on the curve, and with another y it is not', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: curve.Point.Fn.ORDER - 1n }), (scalar) => {
        const { x, y } = curve.Point.BASE.multiply(scalar).toAffine()
        expect(isOnCurve(crv, bigEndian(x), bigEndian(y))).toBe(true)
        expect(isOnCurve(crv, bigEndian(x), bigEndian(prime - y))).toBe(true)
        expect(isOnCurve(crv, bigEndian(x), bigEndian(y ^ 1n))).toBe(false)
        expect(isOnCurve(crv, bigEndian(y), bigEndian(x))).toBe(false)
      }),
      { numRuns: 25 },
    )
  })

  test('with a coordinate that is not reduced is none, nor is zero', () => {
    const { x, y } = curve.Point.BASE.toAffine()
    // Where x and the prime together fit into the bytes is a matter of the curve's generator: 1 and 2 always do not.
    const point = [x, y] as const
    const unreduced = point.map((coordinate) => coordinate + prime)
    for (const [index, coordinate] of unreduced.entries()) {
      if (coordinate >= 1n << BigInt(bytes * 8)) continue
      const spelled = point.with(index, coordinate)
      expect(isOnCurve(crv, bigEndian(spelled[0] ?? 0n), bigEndian(spelled[1] ?? 0n))).toBe(false)
    }
    expect(isOnCurve(crv, bigEndian(0n), bigEndian(0n))).toBe(false)
  })

  function bigEndian(integer: bigint): Uint8Array {
    return Buffer.from(integer.toString(16).padStart(bytes * 2, '0'), 'hex')
  }
})

function isSoundBy(bytes: Uint8Array): boolean {
  try {
    return !ed25519.Point.fromBytes(bytes, false).isSmallOrder()
  } catch {
    return false
  }
}
