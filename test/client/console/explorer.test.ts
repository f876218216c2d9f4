import { CompletionContext } from '@codemirror/autocomplete'
import { json } from '@codemirror/lang-json'
import { EditorState } from '@codemirror/state'
import { Kind, parse, validate, type GraphQLObjectType } from 'graphql'
import { describe, expect, test } from 'vitest'
import { variableTypesOf } from '../../../client/console/pages/explorer/editor/variable-types.ts'
import {
  checkVariables,
  completeVariables,
} from '../../../client/console/pages/explorer/editor/variables-language.ts'
import { examples } from '../../../client/console/pages/explorer/examples.ts'
import { operationAt } from '../../../client/console/pages/explorer/operation.ts'
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

describe('the variables of the API explorer', () => {
  const declared = '($input: VerifyPublicKeyInput!, $state: TransactionKeyState, $first: Int! = 3)'
  const types = variableTypesOf(schema, `query Keys${declared} { keyServer { version } }`) ?? new Map()

  /** The suggestions at the bar in a text, when they are asked for. */
  function suggestedAt(marked: string): readonly string[] {
    const state = EditorState.create({ doc: marked.replace('|', ''), extensions: [json()] })
    const result = completeVariables(new CompletionContext(state, marked.indexOf('|'), true), types)
    return result?.options.map(({ displayLabel }) => displayLabel ?? '') ?? []
  }

  test('are completed by what the document declares', () => {
    expect(suggestedAt('{|}')).toEqual(['input', 'state', 'first'])
    expect(suggestedAt('{"s|"}')).toEqual(['input', 'state', 'first'])
    expect(suggestedAt('{"first": 1, |}')).toEqual(['input', 'state'])
    expect(suggestedAt('{"input": {"ow|": 1}}')).toContain('owner')
    expect(suggestedAt('{"input": {"owner": "anna", |}}')).not.toContain('owner')
    expect(suggestedAt('{"state": "|"}')).toContain('ACTIVE')
    expect(suggestedAt('{"input": {"owner": "a"}, "state": "|')).toContain('ACTIVE')
    expect(suggestedAt('{"input": {"owner": "|"}}')).toEqual([])
  })

  test('are checked, and what is wrong is named where it stands', () => {
    const wrongIn = (text: string) => {
      const state = EditorState.create({ doc: text, extensions: [json()] })
      return checkVariables(state, types).map(({ from, to, message }) => [state.sliceDoc(from, to), message])
    }
    const right = '{"input": {"owner": "a", "applicationServer": "https://a.example", "publicKey": {}}}'
    expect(wrongIn(right)).toEqual([])
    expect(wrongIn('{}')).toEqual([['{', expect.stringContaining('$input')]])
    expect(wrongIn(right.replace('{"input"', '{"state": "GONE", "input"'))).toEqual([
      ['"GONE"', expect.stringContaining('TransactionKeyState')],
    ])
    expect(wrongIn(right.replace('"a"', '3'))).toEqual([['3', expect.stringContaining('String')]])
    expect(wrongIn(right.replace('{"input"', '{"other": 1, "input"'))).toEqual([
      ['1', expect.stringContaining('$other')],
    ])
  })
})

test('the operation at the cursor is sent, with its fragments alone', () => {
  const text =
    'query A { account { ...Name } }\nsubscription B { alerts { kind } }\nfragment Name on Account { name }'
  expect(operationAt(text)).toMatchObject({ title: 'A', isSubscription: false })
  expect(operationAt(text).document).toMatch(/^query A [^]*fragment Name/)
  const second = operationAt(text, text.indexOf('alerts'))
  expect(second).toMatchObject({ title: 'B', isSubscription: true })
  expect(second.document).not.toContain('fragment')
  expect(operationAt('query Half { account {')).toEqual({
    document: 'query Half { account {',
    isSubscription: false,
    title: 'Half',
  })
})
