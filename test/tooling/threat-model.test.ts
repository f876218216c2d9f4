import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'

const root = new URL('../../', import.meta.url)

interface Claim {
  readonly file: string
  readonly name: string
}

/** The tests that a document names: `folder/file › name`. */
function claimsIn(document: string): Claim[] {
  return [...document.matchAll(/`([\w/-]+)\s+›\s+([^`]+)`/g)].map(([, file = '', name = '']) => ({
    file: `test/${file}.test.ts`,
    name: name.replaceAll(/\s+/g, ' '),
  }))
}

/** Whether a test of this name is written in the file, in whatever quotes. */
async function isWritten({ file, name }: Claim): Promise<boolean> {
  const path = new URL(file, root)
  if (!existsSync(path)) return false
  const text = (await readFile(path, 'utf8')).replaceAll("\\'", "'")
  return [`'${name}'`, `"${name}"`, `\`${name}\``, ` ${name}'`, ` ${name}"`].some((spelling) =>
    text.includes(spelling),
  )
}

const document = await readFile(new URL('docs/threat-model.md', root), 'utf8')
const claims = claimsIn(document)

test('the threat model names tests for what it claims', () => {
  expect(claims.length).toBeGreaterThan(40)
})

test.each(claims)('$file has the test that the threat model names: $name', async (claim) => {
  expect(await isWritten(claim)).toBe(true)
})

test('a test that is not there, and one that is a part of another name, are not found', async () => {
  const [file] = claims.map((claim) => claim.file)
  if (file === undefined) throw new Error('The threat model names no test.')
  expect(await isWritten({ file, name: 'that nobody wrote' })).toBe(false)
  expect(await isWritten({ file: 'test/nowhere.test.ts', name: 'whatever' })).toBe(false)
  expect(
    await isWritten({ file: 'test/client/trust/follow-endorsements.test.ts', name: 'when it is an anchor' }),
  ).toBe(false)
})
