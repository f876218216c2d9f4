import {
  execute,
  GraphQLBoolean,
  GraphQLError,
  GraphQLInputObjectType,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  parse,
  validate,
  type ExecutionResult,
} from 'graphql'
import { expect, test } from 'vitest'
import type { GraphQLContext } from '../../../schema/graphql/context.ts'
import { planExecution } from '../../../server/graphql/execution-plan.ts'

/* A planned execution has the result of graphql-js: values, nulls, errors with their paths and places. */

const later = <T>(value: T) => new Promise<T>((resolve) => setImmediate(() => resolve(value)))
const refuse = (): never => {
  throw new Error('refused')
}

const Leaf: GraphQLObjectType = new GraphQLObjectType({
  name: 'Leaf',
  fields: () => ({
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
const rootFields = {
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
  '{ leaf { ... on Leaf { text } } }',
  '{ leaf { text @skip(if: true) } }',
  '{ leaf { text } nothing { text } }',
  '{ leaf { text a: text text } }',
  '{ __typename }',
  '{ leaf { __typename } }',
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
