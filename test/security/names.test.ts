import { expect, test } from 'vitest'
import { printable } from '../../client/cli/output.ts'
import { expectBadInput, succeed, useWorld } from '../support/operations.ts'
import { call, openAccount, storeInput, storeMutation } from '../support/raw-client.ts'

const world = useWorld()

/** Characters that are not seen, and turn the text around them or end its line. */
const turning = ['\u202e', '\u2066', '\u2069', '\u200f', '\u061c', '\u2028', '\u2029']
/** Characters that are not seen. */
const invisible = [
  '\u3164',
  '\u115f',
  '\u034f',
  '\u17b4',
  '\ufe0f',
  '\u{e0100}',
  '\u200b',
  '\u200c',
  '\u200d',
  '\u2060',
  '\ufeff',
  '\u00ad',
  '\u{e0061}',
]

const escaped = (character: string) => `U+${(character.codePointAt(0) ?? 0).toString(16)}`

test.for([...turning, ...invisible].map((character) => [escaped(character), character] as const))(
  'a name of an application server has no %s',
  async ([, character]) => {
    const { key } = await openAccount(world.url)
    const input = await storeInput(key, { applicationServer: `https://shop${character}.example` })
    expectBadInput(
      await call(world.url, key, { query: storeMutation, variables: { input } }),
      'input.applicationServer',
    )
  },
)

test.for(['\u00a0', '\u2003', '\u3000', '\u1680', '\u2800'].map((one) => [escaped(one), one] as const))(
  'a name of an application server has no %s for a space',
  async ([, character]) => {
    const { key } = await openAccount(world.url)
    const input = await storeInput(key, { applicationServer: `my${character}shop` })
    expectBadInput(
      await call(world.url, key, { query: storeMutation, variables: { input } }),
      'input.applicationServer',
    )
  },
)

test('a name and a label have no marks piled over each other', async () => {
  const { key } = await openAccount(world.url)
  for (const member of ['applicationServer', 'label']) {
    const [four, five] = ['x\u0315\u0316\u0323\u0334', 'x\u0315\u0316\u0323\u0334\u0336'].map((one) =>
      one.normalize('NFC'),
    )
    const storing = async (text: string | undefined) => ({
      query: storeMutation,
      variables: { input: await storeInput(key, { [member]: text }) },
    })
    await succeed(world.url, key, await storing(four))
    expectBadInput(await call(world.url, key, await storing(five)), `input.${member}`)
  }
})

test.for(turning.map((character) => [escaped(character), character] as const))(
  'a label has no %s',
  async ([, character]) => {
    const { key } = await openAccount(world.url)
    const input = await storeInput(key, { label: `my${character}key` })
    expectBadInput(await call(world.url, key, { query: storeMutation, variables: { input } }), 'input.label')
  },
)

test.for([
  ['behind it', ' shop'],
  ['before it', 'shop '],
  ['that is no ASCII', 'shop\u3000'],
  ['alone', ' '],
  ['that ends its line', 'shop\n'],
])('a name and a label have no white space %s', async ([, text = '']) => {
  const { key } = await openAccount(world.url)
  for (const member of ['applicationServer', 'label']) {
    const input = await storeInput(key, { [member]: text })
    expectBadInput(
      await call(world.url, key, { query: storeMutation, variables: { input } }),
      `input.${member}`,
    )
  }
})

test('one name has one encoding: what is not in normalization form C is refused', async () => {
  const { key } = await openAccount(world.url)
  const composed = 'https://caf\u00e9.example'
  for (const [member, form] of [
    ['applicationServer', composed.normalize('NFD')],
    // The sign of ohm and the letter omega.
    ['applicationServer', '\u2126'],
    ['label', composed.normalize('NFD')],
  ] as const) {
    const input = await storeInput(key, { [member]: form })
    expectBadInput(
      await call(world.url, key, { query: storeMutation, variables: { input } }),
      `input.${member}`,
    )
  }
  const input = await storeInput(key, { applicationServer: composed, label: composed })
  await succeed(world.url, key, { query: storeMutation, variables: { input } })
})

test.for([
  ['a Hangul filler', '\u3164'],
  ['a joiner at its end', 'key\u200d'],
  ['two joiners', 'a\u200d\u200db'],
  ['a variation selector behind a letter', 'a\ufe0f'],
  ['tags behind no flag', 'key\u{e0061}'],
  ['a soft hyphen', 'my\u00adkey'],
  ['Braille without dots', '\u2800'],
])('a label has no invisible character: %s', async ([, label]) => {
  const { key } = await openAccount(world.url)
  const input = await storeInput(key, { label })
  expectBadInput(await call(world.url, key, { query: storeMutation, variables: { input } }), 'input.label')
})

test('a label and a name may be in any script, and a label of emoji with joiners', async () => {
  const { key } = await openAccount(world.url)
  const input = await storeInput(key, {
    label: '👩‍💻 ❤️‍🔥 1️⃣ 🏴\u{e0067}\u{e0062}\u{e007f} مفتاح می‌خواهم क्‍ष מפתח 鍵',
    applicationServer: 'https://müller.例え',
  })
  await succeed(world.url, key, { query: storeMutation, variables: { input } })
})

test('what is not seen is shown on a terminal', () => {
  // A variation selector makes an emoji of the sign before it.
  for (const character of [...turning, ...invisible].filter((one) => one !== '\ufe0f')) {
    expect(printable(`a${character}b`)).toBe(`a\\u{${escaped(character).slice(2)}}b`)
  }
})
