import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeBase64url, encodeBase64, encodeBase64url } from '../../../schema/wire/base64url.ts'

describe('base64url', () => {
  test('the vectors of RFC 4648 §10 come out without padding', () => {
    const vectors = {
      '': '',
      f: 'Zg',
      fo: 'Zm8',
      foo: 'Zm9v',
      foob: 'Zm9vYg',
      fooba: 'Zm9vYmE',
      foobar: 'Zm9vYmFy',
    }
    for (const [text, encoded] of Object.entries(vectors)) {
      expect(encodeBase64url(new TextEncoder().encode(text))).toBe(encoded)
    }
  })

  test('the vector of RFC 7515 appendix C comes out with its own alphabet', () => {
    expect(encodeBase64url(Uint8Array.of(3, 236, 255, 224, 193))).toBe('A-z_4ME')
    expect(encodeBase64(Uint8Array.of(3, 236, 255, 224, 193))).toBe('A+z/4ME=')
  })

  test('what is encoded decodes to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(decodeBase64url(encodeBase64url(bytes))).toEqual(Uint8Array.from(bytes))
      }),
    )
  })

  test('whatever decodes is the one spelling of its bytes', () => {
    const nearlyBase64url = fc.string({
      unit: fc.constantFrom(...Array.from('AZaz09-_+/= QgRwB')),
      maxLength: 12,
    })
    fc.assert(
      fc.property(nearlyBase64url, (text) => {
        const bytes = decodeBase64url(text)
        if (bytes !== null) expect(encodeBase64url(bytes)).toBe(text)
      }),
      { numRuns: 2000 },
    )
  })

  test('bytes are as the runtime encodes them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(encodeBase64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
        expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
      }),
    )
  })

  test('a text of ten million characters decodes, and overflows no stack', () => {
    expect(decodeBase64url('A'.repeat(10_000_000))).toHaveLength(7_500_000)
    expect(decodeBase64url(`${'A'.repeat(10_000_000)}!`)).toBeNull()
  })

  test.each([
    ['padding', 'Zg=='],
    ['stray bits in the last character', 'Zh'],
    ['stray bits in the last of three', 'Zm9'],
    ['a length that no bytes have', 'Zm9vY'],
    ['the standard alphabet', 'A+z/4ME'],
    ['a space', 'Zm 9v'],
    ['a line feed at the end', 'Zm9v\n'],
    ['a letter beyond ASCII', 'Zm9é'],
  ])('%s is refused', (_what, text) => {
    expect(decodeBase64url(text)).toBeNull()
  })
})
