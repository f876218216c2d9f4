import fc from 'fast-check'
import { exportJWK, generateKeyPair } from 'jose'
import { describe, expect, test, vi } from 'vitest'
import {
  InvalidJwk,
  parsePublicJwk,
  parsePublicJwkForm,
  parseSigningJwk,
  parseWrappingJwk,
  type PublicJwk,
} from '../../../../schema/wire/keys/jwk.ts'
import { p256Example } from '../../../support/vectors/request-signing-example.ts'
import { requestOfB26 } from '../../../support/vectors/rfc-9421.ts'
import { thumbprintVectors } from '../../../support/vectors/thumbprints.ts'

const ed25519Key = requestOfB26.jwk
const p256Key = p256Example.jwk
/** RFC 7748 §6.1, Alice. */
const x25519Key = { kty: 'OKP', crv: 'X25519', x: 'hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo' } as const
const rsaKey = parsePublicJwk(thumbprintVectors[0]?.jwk)
const mlDsaKey = { kty: 'AKP', alg: 'ML-DSA-44', pub: base64url(new Uint8Array(1312).fill(7)) } as const
const keys: readonly PublicJwk[] = [ed25519Key, x25519Key, p256Key, rsaKey, mlDsaKey]

describe('a public key', () => {
  test.each(keys.map((jwk) => [jwk.kty, jwk] as const))('of type %s is accepted as it is', (_kty, jwk) => {
    expect(parsePublicJwk(jwk)).toEqual(jwk)
  })

  test.each(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'])(
    'with the private member "%s" is refused',
    (name) => {
      for (const jwk of keys) {
        for (const value of ['AA', '', null, 0, {}]) {
          expect(() => parsePublicJwk({ ...jwk, [name]: value })).toThrow(`private member "${name}"`)
        }
      }
    },
  )

  test.each(['ES256', 'Ed25519', 'X25519', 'RS256'])(
    'pair generated for %s is refused whole',
    async (name) => {
      const isCurve = name.endsWith('25519')
      const { privateKey } = await generateKeyPair(name === 'X25519' ? 'ECDH-ES' : name, {
        extractable: true,
        ...(isCurve && { crv: name }),
      })
      const jwk = await exportJWK(privateKey)
      expect(() => parsePublicJwk(jwk)).toThrow(InvalidJwk)
    },
  )

  test('with metadata is accepted, and the metadata is not kept', () => {
    for (const jwk of keys) {
      const metadata = { use: 'sig', key_ops: ['verify'], kid: 'mine', ext: true }
      expect(parsePublicJwk({ ...metadata, ...jwk })).toEqual(jwk)
    }
    expect(parsePublicJwk({ ...ed25519Key, alg: 'EdDSA' })).toEqual(ed25519Key)
  })

  test.each(['x5c', 'nbf', 'X', 'toString', 'constructor', 'hasOwnProperty', '__proto__', 'y '])(
    'with the unknown member "%s" is refused',
    (name) => {
      for (const jwk of keys) {
        const value: unknown = JSON.parse(`{${JSON.stringify(name)}:"AA",${JSON.stringify(jwk).slice(1)}`)
        expect(() => parsePublicJwk(value)).toThrow(InvalidJwk)
      }
    },
  )

  test('of another type with a member of this one is refused', () => {
    expect(() => parsePublicJwk({ ...ed25519Key, y: p256Key.y })).toThrow(InvalidJwk)
    expect(() => parsePublicJwk({ ...p256Key, n: 'AA' })).toThrow(InvalidJwk)
  })

  test.each(['oct', 'okp', 'Ed25519', '', '__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'of the type "%s" is refused',
    (kty) => {
      expect(() => parsePublicJwk({ ...ed25519Key, kty })).toThrow('"kty" must be one of')
    },
  )

  test.each(['Ed448', 'X448', 'P-256', 'secp256k1', 'ed25519', '', '__proto__', 'constructor', 'toString'])(
    'on the curve "%s" is refused where it is no curve of its type',
    (crv) => {
      expect(() => parsePublicJwk({ ...ed25519Key, crv })).toThrow('"crv" must be one of')
      if (crv !== 'P-256') expect(() => parsePublicJwk({ ...p256Key, crv })).toThrow('"crv" must be one of')
      expect(() => parsePublicJwk({ ...mlDsaKey, alg: crv })).toThrow('"alg" must be one of')
    },
  )

  test('with members on its prototype alone is refused', () => {
    expect(() => parsePublicJwk(Object.create(ed25519Key))).toThrow(InvalidJwk)
  })

  test('without a prototype, as GraphQL makes literals, is accepted', () => {
    expect(parsePublicJwk(Object.assign(Object.create(null), ed25519Key))).toEqual(ed25519Key)
  })

  test('in base64url that is not canonical is refused', () => {
    const { x } = ed25519Key
    for (const spelling of [
      `${x}=`,
      `${x}\n`,
      ` ${x}`,
      x.replace('_', '/').replace('-', '+'),
      `${x.slice(0, -1)}t`,
      '',
    ]) {
      expect(spelling).not.toBe(x)
      expect(() => parsePublicJwk({ ...ed25519Key, x: spelling })).toThrow(InvalidJwk)
    }
  })

  test.each([null, 7, true, [], ['AA'], {}])('with %j in place of a text is refused', (value) => {
    for (const jwk of keys) {
      for (const name of Object.keys(jwk)) {
        expect(() => parsePublicJwk({ ...jwk, [name]: value })).toThrow(InvalidJwk)
      }
    }
  })

  test('with a member longer than any acceptable key has is refused, and not decoded', () => {
    const decode = vi.spyOn(globalThis, 'atob')
    try {
      const x = 'A'.repeat(4 * 1024 * 1024)
      for (const jwk of [
        { kty: 'OKP', crv: 'Ed25519', x },
        { kty: 'RSA', n: x, e: 'AQAB' },
      ]) {
        expect(() => parsePublicJwkForm(jwk)).toThrow(InvalidJwk)
      }
      expect(decode.mock.calls.filter(([text]) => text.length > 10_000)).toEqual([])
    } finally {
      decode.mockRestore()
    }
  })

  test('that is not an object is refused', () => {
    for (const value of [undefined, null, 'text', 7, true, [ed25519Key], JSON.stringify(ed25519Key)]) {
      expect(() => parsePublicJwk(value)).toThrow(InvalidJwk)
    }
  })

  test('of any JSON is accepted or refused with InvalidJwk, which never quotes a value', () => {
    const value = fc.string({
      unit: fc.constantFrom(...Array.from('abcdefgh0123')),
      minLength: 12,
      maxLength: 60,
    })
    const anyKey = fc.record(
      {
        kty: fc.oneof(fc.constantFrom('OKP', 'EC', 'RSA', 'AKP'), value),
        crv: fc.oneof(fc.constantFrom('Ed25519', 'X25519', 'P-256'), value),
        alg: fc.oneof(fc.constantFrom('ML-DSA-44', 'ML-DSA-65'), value),
        x: value,
        y: value,
        n: value,
        e: value,
        d: value,
        pub: value,
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.oneof(anyKey, fc.jsonValue()), (received) => {
        const refusal = refusalOf(() => parsePublicJwk(received))
        if (refusal === null) return
        expect(refusal).toBeInstanceOf(InvalidJwk)
        const texts = (JSON.stringify(received).match(/\w+/g) ?? []).filter((text) => text.length >= 12)
        for (const text of texts) expect(refusal.message).not.toContain(text)
      }),
    )
  })
})

describe('an EC key', () => {
  test.each(['P-256', 'P-384', 'P-521'])('off the curve %s is refused', async (crv) => {
    const alg = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' }[crv] ?? expect.unreachable()
    const { publicKey } = await generateKeyPair(alg, { extractable: true })
    const { x = '', y = '' } = await exportJWK(publicKey)
    expect(parsePublicJwk({ kty: 'EC', crv, x, y }).kty).toBe('EC')
    expect(() => parsePublicJwk({ kty: 'EC', crv, x: y, y: x })).toThrow(InvalidJwk)
    const length = Buffer.from(x, 'base64url').length
    for (const fill of [0, 0xff]) {
      const filled = base64url(new Uint8Array(length).fill(fill))
      expect(() => parsePublicJwk({ kty: 'EC', crv, x: filled, y: filled })).toThrow(InvalidJwk)
    }
  })

  test('with a coordinate that is not reduced is refused', () => {
    const prime = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n
    // (0, √b) is a point of P-256, and so would be (p, √b) were coordinates reduced.
    const root = 0x66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4n
    expect(parsePublicJwk({ kty: 'EC', crv: 'P-256', x: bigEndian(0n), y: bigEndian(root) }).kty).toBe('EC')
    expect(() =>
      parsePublicJwk({ kty: 'EC', crv: 'P-256', x: bigEndian(prime), y: bigEndian(root) }),
    ).toThrow(InvalidJwk)
  })

  test('with a coordinate of another length is refused', () => {
    const short = base64url(Buffer.from(p256Key.x, 'base64url').subarray(1))
    const long = base64url(Uint8Array.of(0, ...Buffer.from(p256Key.x, 'base64url')))
    for (const x of [short, long]) expect(() => parsePublicJwk({ ...p256Key, x })).toThrow(InvalidJwk)
  })
})

describe('an RSA key', () => {
  const modulus = (bits: number) =>
    base64url(Buffer.from(((1n << BigInt(bits - 1)) | 1n).toString(16), 'hex'))
  const evenDigits = (bits: number) => bits % 8 === 0

  test.each([2048, 3072, 4096, 8192])('of %i bits is accepted', (bits) => {
    expect(evenDigits(bits)).toBe(true)
    expect(parsePublicJwk({ kty: 'RSA', n: modulus(bits), e: 'AQAB' }).kty).toBe('RSA')
  })

  test.each([512, 1024, 2040, 8200, 16384])('of %i bits is refused', (bits) => {
    expect(() => parsePublicJwk({ kty: 'RSA', n: modulus(bits), e: 'AQAB' })).toThrow(InvalidJwk)
  })

  test('of 2047 bits is refused', () => {
    const n = Buffer.from(modulus(2048), 'base64url')
    n[0] = 0x7f
    expect(() => parsePublicJwk({ kty: 'RSA', n: base64url(n), e: 'AQAB' })).toThrow(InvalidJwk)
  })

  test('with an even modulus or a zero in front is refused', () => {
    const n = Buffer.from(modulus(2048), 'base64url')
    expect(() => parsePublicJwk({ kty: 'RSA', n: base64url(Uint8Array.of(0, ...n)), e: 'AQAB' })).toThrow(
      InvalidJwk,
    )
    n[n.length - 1] = 2
    expect(() => parsePublicJwk({ kty: 'RSA', n: base64url(n), e: 'AQAB' })).toThrow(InvalidJwk)
  })

  test.each([
    ['0', 'AA', false],
    ['1', 'AQ', false],
    ['2', 'Ag', false],
    ['3', 'Aw', true],
    ['3 with a zero in front', 'AAM', false],
    ['65537', 'AQAB', true],
    ['of 32 bits', '_____w', true],
    ['of 33 bits', 'AQAAAAE', false],
  ])('with the exponent %s is accepted: %s %s', (_what, e, isAccepted) => {
    const parse = () => parsePublicJwk({ kty: 'RSA', n: modulus(2048), e })
    if (isAccepted) expect(parse()).toMatchObject({ e })
    else expect(parse).toThrow(InvalidJwk)
  })
})

describe('an ML-DSA key', () => {
  test.each([
    ['ML-DSA-44', 1312],
    ['ML-DSA-65', 1952],
    ['ML-DSA-87', 2592],
  ])('%s has %i bytes, and neither more nor less', (alg, length) => {
    const ofLength = (bytes: number) => ({ kty: 'AKP', alg, pub: base64url(new Uint8Array(bytes)) })
    expect(parsePublicJwk(ofLength(length))).toEqual(ofLength(length))
    for (const bytes of [length - 1, length + 1])
      expect(() => parsePublicJwk(ofLength(bytes))).toThrow(InvalidJwk)
  })

  test('without its algorithm is refused', () => {
    expect(() => parsePublicJwk({ kty: 'AKP', pub: mlDsaKey.pub })).toThrow('"alg" must be one of')
  })
})

test('only Ed25519 and P-256 sign requests', () => {
  expect(parseSigningJwk(ed25519Key)).toEqual(ed25519Key)
  expect(parseSigningJwk(p256Key)).toEqual(p256Key)
  for (const jwk of [x25519Key, rsaKey, mlDsaKey]) expect(() => parseSigningJwk(jwk)).toThrow(InvalidJwk)
})

test('only X25519 and P-256 are wrapped to', () => {
  expect(parseWrappingJwk(x25519Key)).toEqual(x25519Key)
  expect(parseWrappingJwk(p256Key)).toEqual(p256Key)
  for (const jwk of [ed25519Key, rsaKey, mlDsaKey]) expect(() => parseWrappingJwk(jwk)).toThrow(InvalidJwk)
})

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

function bigEndian(integer: bigint): string {
  return base64url(Buffer.from(integer.toString(16).padStart(64, '0'), 'hex'))
}

function refusalOf(run: () => unknown): Error | null {
  try {
    run()
    return null
  } catch (error) {
    if (error instanceof Error) return error
    throw error
  }
}
