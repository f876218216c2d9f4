import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isAccountName } from '../../../schema/wire/account-name.ts'

const first = Array.from('abcdefghijklmnopqrstuvwxyz0123456789')
const further = [...first, '.', '_', '-', '@']

describe('an account name', () => {
  test('of 3 to 64 of its characters is accepted', () => {
    const names = fc
      .tuple(
        fc.constantFrom(...first),
        fc.string({ unit: fc.constantFrom(...further), minLength: 2, maxLength: 63 }),
      )
      .map((parts) => parts.join(''))
    fc.assert(fc.property(names, (name) => isAccountName(name)))
  })

  test('with any other character anywhere is refused', () => {
    const others = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 1 })
      .filter((c) => !further.includes(c))
    fc.assert(
      fc.property(others, fc.nat({ max: 5 }), (other, at) => {
        expect(isAccountName(`${'alice'.slice(0, at)}${other}${'alice'.slice(at)}`)).toBe(false)
      }),
    )
  })

  test.each([
    ['two characters', 'ab', false],
    ['three characters', 'abc', true],
    ['64 characters', 'a'.repeat(64), true],
    ['65 characters', 'a'.repeat(65), false],
    ['an upper-case letter', 'Alice', false],
    ['a sign in front', '@alice', false],
    ['a mail address', 'alice@mail.example', true],
    ['a line feed at the end', 'alice\n', false],
    ['a letter that looks like another', 'аlice', false],
  ])('of %s', (_what, name, isOne) => {
    expect(isAccountName(name)).toBe(isOne)
  })
})
