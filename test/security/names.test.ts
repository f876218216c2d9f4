import { expect, test } from 'vitest'
import { printable } from '../../client/cli/output.ts'
import { expectBadInput, succeed, useWorld } from '../support/operations.ts'
import { call, openAccount, storeInput, storeMutation } from '../support/raw-client.ts'

const world = useWorld()

/** What is not seen and turns the text around it, or ends its line. */
const turning = ['\u202e', '\u2066', '\u2069', '\u200f', '\u061c', '\u2028', '\u2029']
/** What is not seen. */
const invisible = ['\u200b', '\u200c', '\u200d', '\u2060', '\ufeff', '\u00ad', '\u{e0061}']

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

test.for(turning.map((character) => [escaped(character), character] as const))(
  'a label has no %s',
  async ([, character]) => {
    const { key } = await openAccount(world.url)
    const input = await storeInput(key, { label: `my${character}key` })
    expectBadInput(await call(world.url, key, { query: storeMutation, variables: { input } }), 'input.label')
  },
)

test('a label and a name may be in any script, and a label of emoji with joiners', async () => {
  const { key } = await openAccount(world.url)
  const input = await storeInput(key, { label: '👩‍💻 מפתח 鍵', applicationServer: 'https://müller.例え' })
  await succeed(world.url, key, { query: storeMutation, variables: { input } })
})

test('what is not seen is shown on a terminal', () => {
  for (const character of [...turning, ...invisible]) {
    expect(printable(`a${character}b`)).toBe(`a\\u{${escaped(character).slice(2)}}b`)
  }
})
