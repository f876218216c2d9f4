import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isInPrimeOrderSubgroup } from '../../../server/lib/ed25519-subgroup.ts'
import { nonCanonicalSmallOrderEd25519, smallOrderEd25519 } from '../../support/vectors/small-order-points.ts'

/* The quick check and noble's, which multiplies by the order of the subgroup, agree. */

const { Point } = ed25519

/** As noble tells it. */
function isAccepted(encoded: Uint8Array): boolean {
  try {
    const point = Point.fromBytes(encoded, false)
    return point.isTorsionFree() && !point.is0()
  } catch {
    return false
  }
}

const torsion = smallOrderEd25519.map(({ hex }) => Point.fromHex(hex))
const multiplier = fc.bigInt({ min: 1n, max: Point.Fn.ORDER - 1n })

test('of a point and each of the eight of small order, only the sum with the identity is accepted', () => {
  expect(torsion).toHaveLength(8)
  fc.assert(
    fc.property(multiplier, (n) => {
      const point = Point.BASE.multiply(n)
      const sums = torsion.map((small) => point.add(small).toBytes())
      expect(sums.map(isInPrimeOrderSubgroup)).toEqual(torsion.map((small) => small.is0()))
      expect(sums.map(isAccepted)).toEqual(torsion.map((small) => small.is0()))
    }),
    { numRuns: 30 },
  )
})

test('any 32 bytes are accepted by both or by neither', () => {
  // Half of them are no point of the curve, and an eighth of the others are of the subgroup.
  const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
  let accepted = 0
  fc.assert(
    fc.property(bytes, (encoded) => {
      const expected = isAccepted(encoded)
      expect(isInPrimeOrderSubgroup(encoded)).toBe(expected)
      if (expected) accepted++
    }),
    { numRuns: 400 },
  )
  expect(accepted).toBeGreaterThan(0)
})

test('no point of small order is accepted, however it is spelled', () => {
  for (const { hex } of [...smallOrderEd25519, ...nonCanonicalSmallOrderEd25519]) {
    expect(isInPrimeOrderSubgroup(Buffer.from(hex, 'hex'))).toBe(false)
  }
})

test('a y at the ends of the field, and beyond it, is accepted by both or by neither', () => {
  const prime = Point.Fp.ORDER
  const ends = Array.from({ length: 40 }, (_, index) => [BigInt(index), prime - 20n + BigInt(index)]).flat()
  for (const y of ends.filter((end) => end < 2n ** 255n)) {
    for (const sign of [0n, 1n]) {
      const hex = (y | (sign << 255n)).toString(16).padStart(64, '0')
      const encoded = Buffer.from(hex, 'hex').reverse()
      expect(isInPrimeOrderSubgroup(encoded)).toBe(isAccepted(encoded))
    }
  }
})

test('a point and its negative are accepted alike', () => {
  fc.assert(
    fc.property(multiplier, (n) => {
      const point = Point.BASE.multiply(n)
      expect([point, point.negate()].map((one) => isInPrimeOrderSubgroup(one.toBytes()))).toEqual([
        true,
        true,
      ])
    }),
    { numRuns: 20 },
  )
})
