import fc from 'fast-check'
import { CompactEncrypt } from 'jose'
import { describe, expect, test } from 'vitest'
import { InvalidJwe, parseWrappedKeyHeader } from '../../../../schema/wire/keys/jwe.ts'
import { limits } from '../../../../schema/wire/limits.ts'

const kid = 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k'
const header = { alg: 'A256KW', enc: 'A256GCM', kid, cty: 'jwk+json' }
const jwe = await wrap({})

describe('a wrapped key', () => {
  test('that jose made with A256KW is accepted, and its header read', async () => {
    expect(parseWrappedKeyHeader(await wrap({}))).toEqual({ alg: 'A256KW', enc: 'A256GCM', kid })
  })

  test.each([
    ...['none', 'dir', 'A128KW', 'A256GCMKW', 'RSA-OAEP', 'ECDH-ES', 'PBES2-HS512+A256KW'].map((alg) => ({
      alg,
    })),
    ...['A128GCM', 'A256CBC-HS512'].map((enc) => ({ enc })),
    ...['zip', 'jku', 'jwk', 'x5c', 'x5u', 'p2s', 'p2c', 'typ', 'iv'].map((name) => ({ [name]: 'DEF' })),
    { crit: ['exp'], exp: 1 },
  ])('whose header has %j is refused', (members) => {
    expect(() => parseWrappedKeyHeader(withHeader({ ...header, ...members }))).toThrow(InvalidJwe)
  })

  test.each([
    { apu: 'AA', apv: 'AA' },
    { alg: 'HPKE-9-KE', ek: 'AA' },
  ])('whose header has %j is taken', (members) => {
    expect(() => parseWrappedKeyHeader(withHeader({ ...header, ...members }))).not.toThrow()
  })

  test.each([{ d: 'AA' }, { kty: 'oct', k: 'AA' }, { p: 'AA' }, { priv: 'AA' }, 'text', null, ['AA']])(
    'whose ephemeral key is %j is refused: it is public',
    (epk) => {
      const sound = { kty: 'OKP', crv: 'X25519', x: 'AA' }
      const members = { ...header, alg: 'ECDH-ES+A256KW' }
      const isObject = typeof epk === 'object' && epk !== null && !Array.isArray(epk)
      const changed = isObject ? { ...sound, ...epk } : epk
      expect(() => parseWrappedKeyHeader(withHeader({ ...members, epk: sound }))).not.toThrow()
      expect(() => parseWrappedKeyHeader(withHeader({ ...members, epk: changed }))).toThrow(InvalidJwe)
    },
  )

  test('that jose made with ECDH-ES+A256KW is accepted', async () => {
    const { publicKey } = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, [
      'deriveBits',
    ])
    const made = await new CompactEncrypt(new TextEncoder().encode('{}'))
      .setProtectedHeader({ ...header, alg: 'ECDH-ES+A256KW' })
      .encrypt(publicKey)
    expect(parseWrappedKeyHeader(made)).toEqual({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', kid })
  })

  test.each(['alg', 'enc', 'kid', 'cty'])('without "%s" in its header is refused', (name) => {
    const rest = Object.fromEntries(Object.entries(header).filter(([member]) => member !== name))
    expect(() => parseWrappedKeyHeader(withHeader(rest))).toThrow(InvalidJwe)
    for (const value of [null, 7, [header.kid], {}]) {
      expect(() => parseWrappedKeyHeader(withHeader({ ...header, [name]: value }))).toThrow(InvalidJwe)
    }
  })

  test.each(['JWT', 'jwk', 'JWK+JSON', 'application/jwk+json', ''])(
    'of the content type "%s" is refused',
    (cty) => {
      expect(() => parseWrappedKeyHeader(withHeader({ ...header, cty }))).toThrow(InvalidJwe)
    },
  )

  test('whose header members stand on a prototype is refused', () => {
    expect(() => parseWrappedKeyHeader(withHeaderText(`{"__proto__":${JSON.stringify(header)}}`))).toThrow(
      InvalidJwe,
    )
  })

  test.each(['[]', 'null', '7', '"alg"', '', '{', '{"alg":"dir"', '\ufeff{}'])(
    'whose header is %j is refused',
    (text) => {
      expect(() => parseWrappedKeyHeader(withHeaderText(text))).toThrow(InvalidJwe)
    },
  )

  test('whose header is spelt in a second way is refused', () => {
    const text = JSON.stringify(header)
    expect(() => parseWrappedKeyHeader(withHeaderText(text))).not.toThrow()
    for (const other of [` ${text}`, text.replace(':', ': '), text.replace('{', '{"alg":"dir",')]) {
      expect(() => parseWrappedKeyHeader(withHeaderText(other))).toThrow(InvalidJwe)
    }
  })

  test('whose header is no UTF-8 is refused', () => {
    const bytes = Buffer.from(JSON.stringify({ ...header, kid: '~' }))
    expect(() => parseWrappedKeyHeader(withPart(0, bytes.toString('base64url')))).not.toThrow()
    bytes[bytes.indexOf('~')] = 0xff
    expect(() => parseWrappedKeyHeader(withPart(0, bytes.toString('base64url')))).toThrow(InvalidJwe)
  })

  test.each([
    ['no part', () => ''],
    ['four parts', () => jwe.slice(0, jwe.lastIndexOf('.'))],
    ['six parts', () => `${jwe}.AA`],
    ['a JWS', () => jwe.split('.').slice(0, 3).join('.')],
    ['no header', () => withPart(0, '')],
    ['no initialization vector', () => withPart(2, '')],
    ['no ciphertext', () => withPart(3, '')],
    ['no authentication tag', () => withPart(4, '')],
    ['a space at the end', () => `${jwe} `],
    ['a line feed at the end', () => `${jwe}\n`],
  ])('with %s is refused', (_what, malformed) => {
    expect(() => parseWrappedKeyHeader(malformed())).toThrow(InvalidJwe)
  })

  test.each([0, 1, 2, 3, 4])('whose part %i is not canonical base64url is refused', (at) => {
    const part = jwe.split('.')[at] ?? ''
    const bytes = Buffer.from(part, 'base64url')
    for (const spelling of [`${part}=`, `${part}!`, ` ${part}`]) {
      expect(() => parseWrappedKeyHeader(withPart(at, spelling))).toThrow(InvalidJwe)
    }
    // A byte more or less where every bit of the last character counts, so that one of them can be astray.
    const odd = base64url(bytes.length % 3 === 0 ? Uint8Array.of(...bytes, 32) : bytes)
    const stray = `${odd.slice(0, -1)}${nextLetter(odd.slice(-1))}`
    expect(() => parseWrappedKeyHeader(withPart(at, stray))).toThrow(InvalidJwe)
  })

  test('of 16 KiB is accepted, and one character more is refused', () => {
    // A tag of two bytes leaves a room that base64url can fill.
    const withTag = (ciphertext: string) => withPart(3, ciphertext).replace(/[^.]*$/, 'AAA')
    const full = withTag('A'.repeat(limits.jweCharactersMax - withTag('').length))
    expect(full).toHaveLength(16384)
    expect(parseWrappedKeyHeader(full)).toMatchObject({ kid })
    expect(() => parseWrappedKeyHeader(`${full}A`)).toThrow('at most 16384 characters')
  })

  test('is refused with InvalidJwe, which never quotes the value', () => {
    const letters = fc.string({
      unit: fc.constantFrom(...Array.from('abcXYZ019-_.')),
      minLength: 8,
      maxLength: 80,
    })
    const nearly = fc
      .tuple(fc.nat({ max: jwe.length - 1 }), letters)
      .map(([at, text]) => `${jwe.slice(0, at)}${text}${jwe.slice(at)}`)
    const members = fc.dictionary(letters, letters).map((extra) => withHeader({ ...extra, alg: 'A256KW' }))
    fc.assert(
      fc.property(fc.oneof(letters, nearly, members), (received) => {
        try {
          parseWrappedKeyHeader(received)
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidJwe)
          for (const part of received.split('.')) {
            if (part.length >= 8) expect(String(error)).not.toContain(part)
          }
        }
      }),
    )
  })
})

async function wrap({ alg = 'A256KW' }: { alg?: string }): Promise<string> {
  return new CompactEncrypt(new TextEncoder().encode('{"kty":"oct","k":"AA"}'))
    .setProtectedHeader({ ...header, alg })
    .encrypt(new Uint8Array(32).fill(7))
}

function withPart(at: number, part: string): string {
  return jwe.split('.').with(at, part).join('.')
}

function withHeaderText(text: string): string {
  return withPart(0, base64url(Buffer.from(text)))
}

function withHeader(members: object): string {
  return withHeaderText(JSON.stringify(members))
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

/** Sets the lowest bit of a base64url character that has none of its unused bits set. */
function nextLetter(letter: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return alphabet[alphabet.indexOf(letter) + 1] ?? expect.unreachable()
}
