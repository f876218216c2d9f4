import {
  execute,
  GraphQLBoolean,
  GraphQLError,
  GraphQLInputObjectType,
  GraphQLInt,
  GraphQLInterfaceType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  GraphQLUnionType,
  parse,
  subscribe,
  validate,
  type ExecutionResult,
} from 'graphql'
import { expect, test } from 'vitest'
import type { GraphQLContext } from '../../../schema/graphql/context.ts'
import { planExecution, planSubscription } from '../../../server/graphql/execution-plan.ts'

/* A planned execution has the result of graphql-js: values, nulls, errors with their paths and places. */

const later = <T>(value: T) => new Promise<T>((resolve) => setImmediate(() => resolve(value)))
const refuse = (): never => {
  throw new Error('refused')
}

const Named = new GraphQLInterfaceType({
  name: 'Named',
  fields: { name: { type: new GraphQLNonNull(GraphQLString) } },
  resolveType: ({ type }: { type: string }) => type,
})
const Other = new GraphQLObjectType({
  name: 'Other',
  interfaces: [Named],
  fields: { name: { type: new GraphQLNonNull(GraphQLString) }, other: { type: GraphQLString } },
})
const Leaf: GraphQLObjectType = new GraphQLObjectType({
  name: 'Leaf',
  interfaces: [Named],
  fields: () => ({
    name: { type: new GraphQLNonNull(GraphQLString), resolve: () => 'a leaf' },
    text: { type: GraphQLString },
    required: { type: new GraphQLNonNull(GraphQLString) },
    wrong: { type: GraphQLInt, resolve: () => 'no number' },
    later: { type: GraphQLString, resolve: () => later('later') },
    refused: { type: GraphQLString, resolve: refuse },
    refusedLater: { type: new GraphQLNonNull(GraphQLString), resolve: () => later(0).then(refuse) },
    named: {
      type: GraphQLString,
      resolve: () =>
        later(0).then(() => {
          throw new GraphQLError('named', { extensions: { code: 'X' } })
        }),
    },
    echo: {
      type: GraphQLString,
      args: { value: { type: GraphQLString, defaultValue: 'default' }, flag: { type: GraphQLBoolean } },
      resolve: (_source, args: object) => JSON.stringify(args),
    },
    leaf: { type: Leaf, resolve: (source: object) => source },
    leaves: {
      type: new GraphQLList(new GraphQLNonNull(Leaf)),
      resolve: () => [{ text: '1' }, later({ text: '2' }), { required: 'x' }],
    },
    holes: {
      type: new GraphQLNonNull(new GraphQLList(Leaf)),
      resolve: () => [{ text: '1' }, null, Promise.reject(new Error('hole'))],
    },
    none: { type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(Leaf))), resolve: () => [null] },
    noList: { type: new GraphQLList(Leaf), resolve: () => 7 },
  }),
})
const Input = new GraphQLInputObjectType({
  name: 'Input',
  fields: { text: { type: new GraphQLNonNull(GraphQLString) }, count: { type: GraphQLInt, defaultValue: 3 } },
})
const Either = new GraphQLUnionType({
  name: 'Either',
  types: [Leaf, Other],
  resolveType: ({ type }: { type: string }) => later(type),
})
const someones = [
  { type: 'Other', name: 'one', other: 'yes' },
  { type: 'Leaf', text: 'two' },
  { type: 'Other', name: null },
  { type: 'Nobody' },
]
const rootFields = {
  someone: { type: Named, resolve: () => someones[1] },
  others: { type: new GraphQLList(Named), resolve: () => someones.slice(0, 3) },
  nobody: { type: Named, resolve: () => null },
  either: { type: Either, resolve: () => someones[0] },
  leaf: { type: Leaf, resolve: () => later({ text: 'text' }) },
  requiredLeaf: { type: new GraphQLNonNull(Leaf), resolve: () => ({ text: 'text', required: 'yes' }) },
  nothing: { type: new GraphQLNonNull(Leaf), resolve: () => null },
  given: {
    type: GraphQLString,
    args: { input: { type: Input }, list: { type: new GraphQLList(GraphQLInt) } },
    resolve: (_source: unknown, args: object) => JSON.stringify(args),
  },
}
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({ name: 'Query', fields: rootFields }),
  mutation: new GraphQLObjectType({ name: 'Mutation', fields: rootFields }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: {
      someones: {
        type: Named,
        args: { upTo: { type: new GraphQLNonNull(GraphQLInt) } },
        async *subscribe(_source: unknown, { upTo }: { upTo: number }) {
          for (const someone of someones.slice(0, upTo)) yield later(someone)
          if (upTo > someones.length) refuse()
        },
        resolve: (event: unknown) => event,
      },
      refused: { type: GraphQLString, subscribe: refuse },
      noStream: { type: GraphQLString, subscribe: () => 7 },
    },
  }),
})
// The resolvers of this schema look at no context.
const context = {} as GraphQLContext

const documents: readonly (readonly [string, Record<string, unknown>?])[] = [
  ['{ leaf { text } }'],
  ['mutation Named { leaf { text } }'],
  ['{ alias: leaf { b: text a: later c: text } }'],
  ['{ leaf { text required } }'],
  ['{ requiredLeaf { required leaf { leaf { required later } } } }'],
  ['{ requiredLeaf { refusedLater } }'],
  ['{ requiredLeaf { leaf { refusedLater } text } }'],
  ['{ leaf { wrong refused named text } }'],
  ['{ leaf { leaves { text } } }'],
  ['{ leaf { leaves { required } } }'],
  ['{ leaf { holes { text } none { text } } }'],
  ['{ leaf { noList { text } } }'],
  ['{ nothing { text } }'],
  ['{ leaf { __typename kind: __typename ... on Leaf { text ... { required } } ... on Named { name } } }'],
  [
    '{ someone { name __typename ... on Leaf { text } ... on Other { other } ... on Named { again: name } } }',
  ],
  ['{ others { name ... on Other { other } } }'],
  ['{ nobody { name } }'],
  ['{ either { ... on Leaf { text } ... on Other { other } } }'],
  ['{ leaf { echo a: echo(value: "b") b: echo(value: null, flag: true) } }'],
  ['query ($v: String) { leaf { echo(value: $v) } }', {}],
  ['query ($v: String) { leaf { echo(value: $v) } }', { v: null }],
  ['query ($v: String = "d") { leaf { echo(value: $v) } }', {}],
  ['query ($i: Input) { given(input: $i) }', { i: { text: 'x' } }],
  ['query ($i: Input!) { given(input: $i) }', {}],
  ['query ($i: Input!) { given(input: $i) }', { i: { text: 1, other: 2 } }],
  ['query ($t: String!, $l: [Int]) { given(input: { text: $t, count: 1 }, list: $l) }', { t: 'x', l: 4 }],
]

test.for(documents)('%s %j', async ([text, variables = {}]) => {
  const document = parse(text)
  expect(validate(schema, document)).toEqual([])
  const run = planExecution(schema, document)
  const expected = await execute({ schema, document, variableValues: variables, contextValue: context })
  expect(toJson(await run?.(context, variables))).toEqual(toJson(expected))
})

test('the causes of errors stay with them', async () => {
  const result = await planExecution(schema, parse('{ leaf { refused } }'))?.(context, {})
  expect(result?.errors?.[0]?.originalError).toMatchObject({ message: 'refused' })
})

test.for([
  '{ leaf { ...f } } fragment f on Leaf { text }',
  '{ leaf { ... on Leaf @skip(if: true) { text } } }',
  '{ leaf { text @skip(if: true) } }',
  '{ leaf { text } nothing { text } }',
  '{ leaf { text a: text text } }',
  '{ __typename }',
  '{ leaf { __typename: text } }',
  '{ leaf { __proto__: text } }',
  'query A { leaf { text } } query B { leaf { text } }',
])('%s is planned by nobody', (text) => {
  expect(planExecution(schema, parse(text))).toBeNull()
})

/** The order of errors is left open. */
function toJson(result: ExecutionResult | undefined): unknown {
  const json = JSON.parse(JSON.stringify(result))
  const errors: unknown[] = json.errors ?? []
  return { ...json, errors: errors.map((error) => JSON.stringify(error)).sort() }
}

const unchanged = (result: ExecutionResult) => result

const begin = (text: string, variables: Record<string, unknown>) => {
  const document = parse(text)
  expect(validate(schema, document)).toEqual([])
  return {
    expected: subscribe({ schema, document, variableValues: variables, contextValue: context }),
    actual: planSubscription(schema, document)?.(context, variables, unchanged),
  }
}

/** All results of a subscription, and the error that ended it. */
async function resultsOf(results: object | undefined): Promise<unknown[]> {
  const all: unknown[] = []
  try {
    for await (const result of streamOf(results)) all.push(toJson(result))
  } catch (error) {
    all.push(String(error))
  }
  return all
}

function streamOf(results: object | undefined): AsyncIterableIterator<ExecutionResult> {
  if (results === undefined || !(Symbol.asyncIterator in results)) throw new TypeError('It is a stream.')
  return results as AsyncIterableIterator<ExecutionResult>
}

test.for([2, 4, 5])('a planned subscription has the results of graphql-js: %i events', async (upTo) => {
  const text =
    'subscription ($n: Int!) { all: someones(upTo: $n) { __typename name ... on Leaf { text } ... on Other { other } } }'
  const { expected, actual } = begin(text, { n: upTo })
  const told = await resultsOf(await expected)
  expect(told).toHaveLength(upTo)
  expect(await resultsOf(await actual)).toEqual(told)
})

test.for([
  ['subscription { refused }', {}],
  ['subscription ($n: Int!) { someones(upTo: $n) { name } }', { n: 'x' }],
] as const)('%s is refused as graphql-js refuses it', async ([text, variables]) => {
  const { expected, actual } = begin(text, variables)
  expect(JSON.stringify(await actual)).toBe(JSON.stringify(await expected))
})

test('a subscription without a stream begins nothing', async () => {
  const planned = planSubscription(schema, parse('subscription { noStream }'))
  expect(await planned?.(context, {}, unchanged)).toMatchObject({ errors: [{ path: ['noStream'] }] })
})

test('a planned subscription ends while its next event is waited for, and after an error', async () => {
  let isReturned = false
  const waiting = Promise.withResolvers<IteratorResult<unknown>>()
  const waits = {
    next: () => waiting.promise,
    return: () => {
      isReturned = true
      waiting.resolve({ done: true, value: undefined })
      return waiting.promise
    },
    [Symbol.asyncIterator]: () => waits,
  }
  const fails = {
    next: () => Promise.reject(new Error('away')),
    [Symbol.asyncIterator]: () => fails,
  }
  const streaming = new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', fields: { no: { type: GraphQLString } } }),
    subscription: new GraphQLObjectType({
      name: 'Subscription',
      fields: {
        waits: { type: GraphQLString, subscribe: () => waits },
        fails: { type: GraphQLString, subscribe: () => fails },
      },
    }),
  })
  const open = async (text: string) =>
    streamOf(await planSubscription(streaming, parse(text))?.(context, {}, unchanged))
  const stream = await open('subscription { waits }')
  const next = stream.next()
  await stream.return?.()
  expect(isReturned).toBe(true)
  expect(await next).toEqual({ done: true, value: undefined })
  const failing = await open('subscription { fails }')
  await expect(failing.next()).rejects.toThrow('away')
  expect(await failing.next()).toEqual({ done: true, value: undefined })
})
