import {
  buildSchema,
  getNamedType,
  isInterfaceType,
  isObjectType,
  printSchema,
  type GraphQLField,
  type GraphQLSchema,
} from 'graphql'
import { describe, expect, test } from 'vitest'
import { schema } from '../../../schema/graphql/index.ts'

const printed = buildSchema(printSchema(schema))
const unsignedFields = [
  'Mutation.closePairing',
  'Mutation.openPairing',
  'Query.keyServer',
  'Query.pairing',
  'Query.verifyPublicKey',
  'Query.verifyPublicKeys',
]

describe('the printed schema', () => {
  test('has one field of type JWE: WrappedKey.jwe', () => {
    expect(fieldsOfType(printed, 'JWE')).toEqual(['WrappedKey.jwe'])
  })

  test('reaches a WrappedKey only by the two fields that acquire it', () => {
    expect(fieldsOfType(printed, 'WrappedKey')).toEqual(['Query.wrappedKey', 'Query.wrappedKeys'])
  })

  test('has no other scalars than those that are known to hold no secret', () => {
    const scalars = new Set(outputFields(printed).map(({ field }) => getNamedType(field.type)))
    const names = [...scalars].filter((type) => 'serialize' in type && !('getValues' in type)).map(String)
    expect(names.sort()).toEqual(['Boolean', 'DateTime', 'ID', 'Int', 'JWE', 'JWK', 'JWS', 'String'])
  })

  test('would not pass with a JWE elsewhere', () => {
    const leaking = buildSchema(`${printSchema(schema)} extend type TransactionKey { copies: [JWE!]! }`)
    expect(fieldsOfType(leaking, 'JWE')).toEqual(['TransactionKey.copies', 'WrappedKey.jwe'])
  })
})

describe('a root field', () => {
  const rootFields = rootFieldsOf(schema)

  test.each(rootFields)('$name says in its description whether it is signed, and is', ({ name, field }) => {
    const isUnsigned = unsignedFields.includes(name)
    expect(field.extensions['signed']).toBe(isUnsigned ? undefined : true)
    expect(field.description?.trim()).toMatch(isUnsigned ? /^Unsigned\./ : /^Signed\b/)
  })

  test('is unsigned only where anybody may ask', () => {
    const unsigned = rootFields.filter(({ field }) => field.extensions['signed'] !== true)
    expect(unsigned.map(({ name }) => name).sort()).toEqual(unsignedFields)
  })

  test('is marked as acquiring just where it answers wrapped keys', () => {
    const acquiring = rootFields.filter(({ field }) => field.extensions['acquiring'] === true)
    expect(acquiring.map(({ name }) => name).sort()).toEqual(fieldsOfType(schema, 'WrappedKey'))
  })
})

interface NamedField {
  /** E.g. `Query.account`. */
  readonly name: string
  readonly field: GraphQLField<unknown, unknown>
}

function outputFields(of: GraphQLSchema): NamedField[] {
  return Object.values(of.getTypeMap())
    .filter((type) => !type.name.startsWith('__'))
    .filter((type) => isObjectType(type) || isInterfaceType(type))
    .flatMap((type) =>
      Object.values(type.getFields()).map((field) => ({ name: `${type.name}.${field.name}`, field })),
    )
}

function fieldsOfType(of: GraphQLSchema, type: string): string[] {
  return outputFields(of)
    .filter(({ field }) => getNamedType(field.type).name === type)
    .map(({ name }) => name)
    .sort()
}

function rootFieldsOf(of: GraphQLSchema): NamedField[] {
  return outputFields(of).filter(({ name }) => /^(Query|Mutation|Subscription)\./.test(name))
}
