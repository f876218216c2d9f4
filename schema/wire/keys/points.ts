import { ed25519 } from '@noble/curves/ed25519.js'
import { p256, p384, p521 } from '@noble/curves/nist.js'

/** Checks of `x` by curve: it is canonical, and the point is not of small order. */
export const okpPointChecks = { Ed25519: isSoundEd25519Point, X25519: isSoundX25519Point } as const

/** Whether `x` and `y`, big-endian, are a point of the curve. */
export function isOnCurve(crv: keyof typeof ecCurves, x: Uint8Array, y: Uint8Array): boolean {
  const toInteger = (bytes: Uint8Array) => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  try {
    ecCurves[crv].fromAffine({ x: toInteger(x), y: toInteger(y) }).assertValidity()
    return true
  } catch {
    return false
  }
}

/** Whether an Ed25519 point that {@link okpPointChecks} accepts is in the subgroup of prime order. It takes 0.8 ms. */
export function isOfPrimeOrder(x: Uint8Array): boolean {
  return ed25519.Point.fromBytes(x, false).isTorsionFree()
}

interface AffineCurve {
  fromAffine(point: { x: bigint; y: bigint }): { assertValidity(): void }
}

const ecCurves: Readonly<Record<'P-256' | 'P-384' | 'P-521', AffineCurve>> = {
  'P-256': p256.Point,
  'P-384': p384.Point,
  'P-521': p521.Point,
}

function isSoundEd25519Point(x: Uint8Array): boolean {
  try {
    return !ed25519.Point.fromBytes(x, false).isSmallOrder()
  } catch {
    return false
  }
}

const x25519Prime = 2n ** 255n - 19n

/** The u-coordinates of small order below the prime, on the curve and on its twist (https://cr.yp.to/ecdh.html#validate). */
const x25519SmallOrder: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  x25519Prime - 1n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
])

/** Compares with a list, because a scalar multiplication would take 2 ms. */
function isSoundX25519Point(x: Uint8Array): boolean {
  const u = x.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  return u < x25519Prime && !x25519SmallOrder.has(u)
}
