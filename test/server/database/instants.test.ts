import { expect, test } from 'vitest'
import { parseInstant } from '../../../server/database/instants.ts'

test('an instant is read in the form of DateStyle ISO, at any offset of minutes', () => {
  for (const [text, instant] of [
    ['2027-03-05 00:00:00+00', '2027-03-05T00:00:00.000Z'],
    ['2027-03-05 06:07:08.9+00', '2027-03-05T06:07:08.900Z'],
    ['2027-03-05 06:07:08.123456+00', '2027-03-05T06:07:08.123Z'],
    ['2027-03-05 05:45:00+05:45', '2027-03-05T00:00:00.000Z'],
    ['2027-03-04 16:00:00-08', '2027-03-05T00:00:00.000Z'],
  ] as const) {
    expect(parseInstant(text).toISOString()).toBe(instant)
  }
})

test('what another DateStyle writes is refused, and never taken for another day', () => {
  for (const text of [
    // SQL, DMY: 5 March, which JavaScript takes for 3 May.
    '05/03/2027 00:00:00 UTC',
    '05.03.2027 00:00:00 UTC',
    'Fri 05 Mar 00:00:00 2027 UTC',
    '2027-03-05',
    'infinity',
    '2027-03-05 00:00:00+00 BC',
    '12027-03-05 00:00:00+00',
    '',
  ]) {
    expect(() => parseInstant(text)).toThrow('another form')
  }
})
