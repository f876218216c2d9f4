import { Kind, parse, validate, type GraphQLObjectType } from 'graphql'
import { describe, expect, test } from 'vitest'
import { examples } from '../../../client/console/pages/explorer/examples.ts'
import { schema } from '../../../schema/graphql/index.ts'

describe('the examples of the API explorer', () => {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
  const fieldsOf = (type: GraphQLObjectType | null | undefined) => Object.keys(type?.getFields() ?? {})

  test('are there for every operation, and for nothing else', () => {
    expect(Object.keys(examples).sort()).toEqual(roots.flatMap(fieldsOf).sort())
  })

  test.each(Object.entries(examples))(
    '%s fits the schema, and its variables are those that it declares',
    (name, example) => {
      const document = parse(example.document)
      expect(validate(schema, document)).toEqual([])
      const [operation] = document.definitions
      if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new TypeError('An example is an operation.')
      expect(operation.selectionSet.selections).toMatchObject([{ name: { value: name } }])
      const declared = operation.variableDefinitions?.map(({ variable }) => variable.name.value) ?? []
      const required = operation.variableDefinitions
        ?.filter(({ type }) => type.kind === Kind.NON_NULL_TYPE)
        .map(({ variable }) => variable.name.value)
      const given = Object.keys(example.variables)
      expect(declared).toEqual(expect.arrayContaining(given))
      expect(given).toEqual(expect.arrayContaining(required ?? []))
    },
  )
})
