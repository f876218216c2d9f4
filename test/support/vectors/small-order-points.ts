/*
 * Points that a signing or wrapping key must not be, in the 32 bytes of RFC 8032 §5.1.2 and RFC 7748 §5, as hex.
 *
 * Ed25519: K. Chalkias, F. Garillot, V. Nikolaenko, "Taming the many EdDSAs" (2020, https://eprint.iacr.org/2020/1244),
 * which lists the eight points of small order and their non-canonical encodings; the same points are refused by
 * libsodium's ge25519_has_small_order. X25519: D. J. Bernstein, "Curve25519: a state-of-the-art Diffie-Hellman
 * function", https://cr.yp.to/ecdh.html#validate, which lists these twelve integers.
 */

/** The eight points whose order divides the cofactor, each in its one canonical encoding. */
export const smallOrderEd25519 = [
  { order: 1, hex: '0100000000000000000000000000000000000000000000000000000000000000' },
  { order: 2, hex: 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f' },
  { order: 4, hex: '0000000000000000000000000000000000000000000000000000000000000000' },
  { order: 4, hex: '0000000000000000000000000000000000000000000000000000000000000080' },
  { order: 8, hex: '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05' },
  { order: 8, hex: '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85' },
  { order: 8, hex: 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a' },
  { order: 8, hex: 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa' },
] as const

/** The same points again where a second encoding fits: y + p, or the sign of an x that is zero. */
export const nonCanonicalSmallOrderEd25519 = [
  { order: 1, hex: '0100000000000000000000000000000000000000000000000000000000000080' },
  { order: 1, hex: 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f' },
  { order: 1, hex: 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff' },
  { order: 2, hex: 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff' },
  { order: 4, hex: 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f' },
  { order: 4, hex: 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff' },
] as const

/**
 * u-coordinates that give an all-zero shared secret whatever the private key is: five, and the same unreduced. The last
 * five have the 256th bit set, which RFC 7748 §5 has receivers ignore and others count.
 */
export const smallOrderX25519 = [
  0n,
  1n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
  2n ** 255n - 20n,
  2n ** 255n - 19n,
  2n ** 255n - 18n,
  2n ** 255n - 19n + 325606250916557431795983626356110631294008115727848805560023387167927233504n,
  2n ** 255n - 19n + 39382357235489614581723060781553021112529911719440698176882885853963445705823n,
  2n * (2n ** 255n - 19n) - 1n,
  2n * (2n ** 255n - 19n),
  2n * (2n ** 255n - 19n) + 1n,
] as const
