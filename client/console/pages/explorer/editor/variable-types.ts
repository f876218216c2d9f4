import {
  isInputType,
  Kind,
  parse,
  typeFromAST,
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLSchema,
} from 'graphql'

/** The variables that a document declares, by name. */
export type VariableTypes = ReadonlyMap<string, VariableType>

interface VariableType {
  readonly type: GraphQLInputType
  readonly hasDefault: boolean
}

/** @returns null while the text is no document */
export function variableTypesOf(schema: GraphQLSchema, text: string): VariableTypes | null {
  const types = new Map<string, VariableType>()
  const document = parseDocument(text)
  if (document === null) return null
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue
    for (const { variable, type: written, defaultValue } of definition.variableDefinitions ?? []) {
      const type = typeFromAST(schema, written)
      if (isInputType(type)) types.set(variable.name.value, { type, hasDefault: defaultValue !== undefined })
    }
  }
  return types
}

/** @returns null for a text that is no document */
export function parseDocument(text: string): DocumentNode | null {
  try {
    return parse(text)
  } catch {
    return null
  }
}
