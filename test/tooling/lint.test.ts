import { fileURLToPath } from 'node:url'
import { ESLint } from 'eslint'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const eslint = new ESLint({ cwd: root })

/** A query builder as Drizzle's are: it runs when somebody awaits it, and is no Promise. */
const database = `
import { drizzle } from 'drizzle-orm/postgres-js'
import { accounts } from '../../schema/tables/index.ts'

const database = drizzle('postgres://127.0.0.1/none')
`

/** The first look builds the types of the whole project, which takes half a minute on a busy machine. */
describe('the linter', { timeout: 120_000 }, () => {
  test('finds a Drizzle query that nobody awaits', async () => {
    const query = `database.insert(accounts).values({ id: 'id', name: 'name' })`
    expect(await findings(`${database}\n${query}`)).toContain('@typescript-eslint/no-floating-promises')
    expect(await findings(`${database}\nawait ${query}`)).not.toContain(
      '@typescript-eslint/no-floating-promises',
    )
  })

  test.each([
    ['a server that imports the client', `import '../../client/index.ts'`, 'no-restricted-imports'],
    ['a server that imports the client by name', `import 'claviger'`, 'no-restricted-imports'],
    [
      'a look-up that holds a thread',
      `import { lookup } from 'node:dns/promises'\nawait lookup('shop.example')`,
      'no-restricted-imports',
    ],
    [
      'a setting read outside server/config.ts',
      `export const home = process.env['HOME']`,
      'no-restricted-properties',
    ],
    ['an enum', `export enum Kind { DEVICE }`, 'no-restricted-syntax'],
    ['a default export', `export default 1`, 'no-restricted-syntax'],
    ['a surface that nobody listed', `export * from '../../schema/wire/errors.ts'`, 'no-restricted-syntax'],
    ['any', `export const value: any = 1`, '@typescript-eslint/no-explicit-any'],
    ['a denial of undefined', `export const first = ['a'][0]!`, '@typescript-eslint/no-non-null-assertion'],
    ['a line on the console', `console.log('here')`, 'no-console'],
    ['a file of 401 lines', 'export {}\n'.repeat(401), 'max-lines'],
  ])('finds %s', async (_what, code, rule) => {
    expect(await findings(code)).toContain(rule)
  })

  test('finds nothing in plain code (negative control)', async () => {
    expect(await findings(`export const limit = 50\n`)).toEqual([])
  })
})

/** The rules that `code` breaks where server/graphql/print-schema.ts stands, a file that the project service knows. */
async function findings(code: string): Promise<(string | null)[]> {
  const results = await eslint.lintText(code, { filePath: `${root}server/graphql/print-schema.ts` })
  return results.flatMap(({ messages }) => messages.map(({ ruleId }) => ruleId))
}
