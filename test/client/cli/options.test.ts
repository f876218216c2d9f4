import { describe, expect, test } from 'vitest'
import { durationText } from '../../../client/cli/key-text.ts'
import {
  listParserOf,
  parseCount,
  parseDuration,
  parseDurations,
  parseInstant,
  parserOf,
} from '../../../client/cli/options.ts'
import { printable } from '../../../client/cli/output.ts'

describe('durations', () => {
  test.each([
    ['90s', 90],
    ['15m', 900],
    ['12h', 43_200],
    ['30d', 2_592_000],
    ['4w', 2_419_200],
  ])('%s is %i seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds)
  })

  test.each(['', '0d', '-1d', '1.5h', '1y', 'd', '30', '30 d', '30D', '999999999w', '١d'])(
    '"%s" is refused',
    (text) => {
      expect(() => parseDuration(text)).toThrow('A duration is')
    },
  )

  test('several have commas between them', () => {
    expect(parseDurations('7d, 1d')).toEqual([604_800, 86_400])
    expect(() => parseDurations('7d,')).toThrow('A duration is')
  })

  test.each([
    [86_400 * 7, '7d'],
    [43_200, '12h'],
    [90, '90s'],
    [120, '2m'],
  ])('%i seconds are written %s', (seconds, text) => {
    expect(durationText(seconds)).toBe(text)
    expect(parseDuration(text)).toBe(seconds)
  })
})

describe('instants', () => {
  test('an RFC 3339 time is taken with its offset', () => {
    expect(parseInstant('2027-01-01T00:00:00Z').toISOString()).toBe('2027-01-01T00:00:00.000Z')
    expect(parseInstant('2027-01-01T02:00:00.500+02:00').toISOString()).toBe('2027-01-01T00:00:00.500Z')
  })

  test('a duration counts from now on', () => {
    expect(parseInstant('12h', 1_000).getTime()).toBe(43_201_000)
  })

  test.each(['2027-01-01', '2027-01-01T00:00:00', '2027-13-01T00:00:00Z', 'tomorrow', '30x', ''])(
    '"%s" is refused: it would depend on the machine, or is no time',
    (text) => {
      expect(() => parseInstant(text)).toThrow()
    },
  )
})

describe('counts and names', () => {
  test('a count is a whole number from 1', () => {
    expect(parseCount('2147483647')).toBe(2_147_483_647)
    for (const text of ['0', '-1', '1e3', '1.0', '2147483648', '']) expect(() => parseCount(text)).toThrow()
  })

  test('names are the same in upper and lower case, and no others are taken', () => {
    const parse = parserOf(['NOTIFY', 'REFUSE'])
    expect(parse('notify')).toBe('NOTIFY')
    expect(() => parse('toString')).toThrow('It is one of NOTIFY, REFUSE.')
    expect(listParserOf(['A', 'B'])('b,A')).toEqual(['B', 'A'])
  })
})

test('text from elsewhere cannot steer the terminal', () => {
  expect(printable('a\u001b[2Jb\r\n\u009b\u202ec')).toBe('a\\u{1b}[2Jb\\u{d}\\u{a}\\u{9b}\\u{202e}c')
  expect(printable('Füße 🔑 鍵')).toBe('Füße 🔑 鍵')
})
