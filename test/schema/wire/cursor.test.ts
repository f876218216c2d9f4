import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeBase64url } from '../../../schema/wire/base64url.ts'
import {
  decodeCursorPosition,
  decodeCursor,
  encodeCursorPosition,
  encodeCursor,
} from '../../../schema/wire/cursor.ts'

describe('a cursor', () => {
  test('gives its position back to the list that made it', () => {
    fc.assert(
      fc.property(fc.nat().map(String), (position) => {
        expect(decodeCursor('alert', encodeCursor('alert', position))).toBe(position)
        expect(decodeCursor('key', encodeCursor('key', position))).toBe(position)
      }),
    )
  })

  test('decodes to its position', () => {
    const cursorPosition = fc.oneof(
      fc.constant({ position: 0, atMs: null }),
      fc.record({ position: fc.integer({ min: 1 }), atMs: fc.integer({ min: 0, max: 9_999_999_999_999 }) }),
    )
    fc.assert(
      fc.property(cursorPosition, (expected) => {
        expect(decodeCursorPosition('change', encodeCursorPosition('change', expected))).toEqual(expected)
        expect(decodeCursorPosition('alert', encodeCursorPosition('change', expected))).toBeNull()
      }),
    )
  })

  test.each(['alert', 'change'] as const)('of the form before, %s:7, is read', (kind) => {
    expect(decodeCursorPosition(kind, encodeCursor(kind, '7'))).toEqual({ position: 7, atMs: null })
    expect(decodeCursorPosition(kind === 'alert' ? 'change' : 'alert', encodeCursor(kind, '7'))).toBeNull()
  })

  test('of one list is refused by the other', () => {
    expect(decodeCursor('key', encodeCursor('alert', '7'))).toBeNull()
    expect(decodeCursor('alert', encodeCursor('key', '7'))).toBeNull()
  })

  test('has one spelling: whatever decodes encodes to the same text', () => {
    const inside = fc.oneof(
      fc.string({ unit: 'binary' }).map((text) => new TextEncoder().encode(`alert:${text}`)),
      fc.uint8Array().map((bytes) => Uint8Array.of(...new TextEncoder().encode('alert:'), ...bytes)),
    )
    fc.assert(
      fc.property(inside, (bytes) => {
        const cursor = encodeBase64url(bytes)
        const position = decodeCursor('alert', cursor)
        if (position !== null) expect(encodeCursor('alert', position)).toBe(cursor)
      }),
    )
  })

  test.each([
    ['nothing', ''],
    ['no base64url', 'YWxlcnQ6Nw=='],
    [
      'a byte order mark',
      encodeBase64url(Uint8Array.of(0xef, 0xbb, 0xbf, ...new TextEncoder().encode('alert:7'))),
    ],
    ['bytes that are no UTF-8', encodeBase64url(Uint8Array.of(...new TextEncoder().encode('alert:'), 0xff))],
    ['a text that is too long', encodeCursor('alert', '7'.repeat(200))],
  ])('made of %s is refused', (_what, cursor) => {
    expect(decodeCursor('alert', cursor)).toBeNull()
  })

  test('of any text is decoded or refused, and never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(() => decodeCursor('key', text)).not.toThrow()
      }),
    )
  })
})
