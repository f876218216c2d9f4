import { getIntrospectionQuery, graphqlSync } from 'graphql'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { schema } from '../../schema/graphql/index.ts'
import { useWorld } from '../support/operations.ts'
import { call } from '../support/raw-client.ts'

const world = useWorld()
afterEach(() => {
  vi.restoreAllMocks()
})

function ask(query: string, variables?: Record<string, unknown>) {
  return call(world.url, null, { query, variables })
}

const usual = getIntrospectionQuery({
  inputValueDeprecation: true,
  oneOf: true,
  schemaDescription: true,
  specifiedByUrl: true,
  directiveIsRepeatable: true,
})

test('tools get the schema by their usual question, and by its types', async () => {
  expect((await ask(usual)).data).toEqual(graphqlSync({ schema, source: usual }).data)
  const source =
    'query ($n: String!) { __typename __type(name: $n) { name fields { name args { name } type { ofType { name } } } } }'
  for (const n of ['Account', 'Nothing', 'Query']) {
    const expected = graphqlSync({ schema, source, variableValues: { n } }).data
    expect((await ask(source, { n })).data).toEqual(expected)
    expect((await ask(source, { n })).data).toEqual(expected)
  }
  expect((await ask(source)).code).toBe('BAD_USER_INPUT')
})

test('the schema is read once for the same question, which is answered from a cache after', async () => {
  const source = `${usual} # once`
  const read = vi.spyOn(schema, 'getTypeMap')
  await ask(source)
  const first = read.mock.calls.length
  expect(first).toBeGreaterThan(0)
  for (let asked = 0; asked < 5; asked++) expect((await ask(source)).errors).toEqual([])
  expect(read).toHaveBeenCalledTimes(first)
  // Another text is another question.
  await ask(`${source} more`)
  expect(read.mock.calls.length).toBeGreaterThan(first)
})

test('what is asked for beside the schema is never from a cache', async () => {
  const source = '{ __schema { queryType { name } } keyServer { time } }'
  const first = await ask(source)
  const second = await ask(source)
  expect(first.errors).toEqual([])
  expect(second.data?.['keyServer'].time).not.toBe(first.data?.['keyServer'].time)
  const signedOnly = '{ __schema { queryType { name } } account { id } }'
  expect((await ask(signedOnly)).code).toBe('UNAUTHENTICATED')
})

describe('a question about the schema is refused', () => {
  test.each([
    ['twice in a request', '{ __schema { description } a: __schema { description } }'],
    ['in two ways', '{ __schema { description } __type(name: "Query") { name } }'],
    [
      'twice, once in a fragment',
      '{ __schema { description } ...A } fragment A on Query { a: __schema { description } }',
    ],
    ['with an alias inside', '{ __schema { types { a: name b: name } } }'],
    [
      'with an alias in a fragment inside',
      '{ __schema { types { ...A } } } fragment A on __Type { a: fields { name } }',
    ],
    ['with a list inside itself', '{ __schema { types { fields { type { fields { name } } } } } }'],
    [
      'with a list inside itself, through fragments',
      `{ __schema { types { ...A } } }
      fragment A on __Type { possibleTypes { ...B } }
      fragment B on __Type { ...C } fragment C on __Type { possibleTypes { name } }`,
    ],
    [
      'with a list inside itself in an inline fragment',
      '{ __type(name: "Query") { fields { type { ... { fields { name } } } } } }',
    ],
  ])('%s', async (_how, query) => {
    expect(graphqlSync({ schema, source: query }).errors).toBeUndefined()
    expect(await ask(query)).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' })
  })
})

test('an alias has at most 64 characters', async () => {
  const named = (characters: number) => `{ keyServer { ${'a'.repeat(characters)}: version } }`
  expect((await ask(named(64))).errors).toEqual([])
  const refused = await ask(named(65))
  expect(refused.code).toBe('GRAPHQL_VALIDATION_FAILED')
  expect(JSON.stringify(refused.errors)).not.toContain('aaaa')
})

test('a document beyond its limits is compared with nothing else', async () => {
  const { errors } = await ask(`{ ${'nothing { nothing } '.repeat(200)} }`)
  expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining('root fields')])
})
