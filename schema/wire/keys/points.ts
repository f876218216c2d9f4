/** Checks of `x` by curve: it is canonical, and the point is not of small order. */
export const okpPointChecks = { Ed25519: isSoundEd25519Point, X25519: isSoundX25519Point } as const

/**
 * Whether `x` and `y`, big-endian, are a point of the curve. Its order is prime, so no point but infinity is of small
 * order.
 */
export function isOnCurve(crv: keyof typeof ecCurves, x: Uint8Array, y: Uint8Array): boolean {
  const { prime, b } = ecCurves[crv]
  const [u, v] = [toInteger(x), toInteger(y)]
  return u < prime && v < prime && (v * v - (u * u * u - 3n * u + b)) % prime === 0n
}

/*
 * The checks are these few lines and no library: one for curves computes signatures, and would be a third of the verifier's
 * bundle. Points are public, so the time they take tells nothing.
 */

/** y² = x³ - 3x + b modulo the prime (SP 800-186 §3.2.1). */
const ecCurves = {
  'P-256': {
    prime: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  'P-384': {
    prime: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
  'P-521': {
    prime: 2n ** 521n - 1n,
    b: 0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  },
} as const

/** The prime of Ed25519 and X25519. */
const prime = 2n ** 255n - 19n

/** The curve's constant, -121665/121666 (RFC 8032 §5.1). */
const d = 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n

/** The y-coordinates below the prime of the eight points of small order: of order 1, 2, 4 and, the last two, 8. */
const ed25519SmallOrder: ReadonlySet<bigint> = new Set([
  1n,
  prime - 1n,
  0n,
  0x5fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
])

/** Whether the point can be decoded (RFC 8032 §5.1.3), and is not of small order. */
function isSoundEd25519Point(bytes: Uint8Array): boolean {
  // The highest bit is the sign of x. It matters to no check: only with y = 1 and y = -1 is x zero.
  const y = fromLittleEndian(bytes) & (2n ** 255n - 1n)
  if (y >= prime || ed25519SmallOrder.has(y)) return false
  // x² = u / v has a root exactly if uv is a square. Neither is zero here.
  return isSquare(((y * y - 1n) * (d * y * y + 1n)) % prime)
}

/** Euler's criterion, a^((prime - 1) / 2) = 1, for an integer from 1. The exponent is 2^254 - 10, so squares do nearly all. */
function isSquare(a: bigint): boolean {
  let power = a
  for (let bit = 0; bit < 254; bit++) power = (power * power) % prime
  return power === a ** 10n % prime
}

/** The u-coordinates of small order below the prime, on the curve and on its twist (https://cr.yp.to/ecdh.html#validate). */
const x25519SmallOrder: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  prime - 1n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
])

/** Compares with a list, because a scalar multiplication would take 2 ms. */
function isSoundX25519Point(x: Uint8Array): boolean {
  const u = fromLittleEndian(x)
  return u < prime && !x25519SmallOrder.has(u)
}

function toInteger(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}

function fromLittleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}
