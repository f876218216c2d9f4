import {
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'
import type { RootFieldExtensions } from '../../schema/graphql/builder.ts'

export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>

/** A document's fragments by name. */
export function fragmentsOf(document: DocumentNode): Fragments {
  return new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition] as const] : [],
    ),
  )
}

/** The fields of a selection set, with those of its fragments; each fragment once, as the executor collects them. */
export function collectFields(
  { selections }: SelectionSetNode,
  fragments: Fragments,
  seen = new Set<string>(),
): FieldNode[] {
  return selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection]
    if (selection.kind === Kind.INLINE_FRAGMENT) return collectFields(selection.selectionSet, fragments, seen)
    const name = selection.name.value
    const fragment = fragments.get(name)
    if (fragment === undefined || seen.has(name)) return []
    seen.add(name)
    return collectFields(fragment.selectionSet, fragments, seen)
  })
}

/** The operation that a request selects; null when none has that name, or when there are several and no name. */
export function findOperation(
  document: DocumentNode,
  operationName: string | null | undefined,
): OperationDefinitionNode | null {
  const operations = document.definitions.filter(
    (definition) => definition.kind === Kind.OPERATION_DEFINITION,
  )
  const [operation, ...others] = operationName
    ? operations.filter(({ name }) => name?.value === operationName)
    : operations
  return operation !== undefined && others.length === 0 ? operation : null
}

/** The declared properties of an operation's root fields. */
export function rootFieldExtensions(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fragments: Fragments,
): RootFieldExtensions[] {
  const fields = schema.getRootType(operation.operation)?.getFields() ?? {}
  return collectFields(operation.selectionSet, fragments).map(
    ({ name }) => fieldExtensions(fields, name.value) ?? {},
  )
}

function fieldExtensions(
  fields: ReturnType<GraphQLObjectType['getFields']>,
  name: string,
): RootFieldExtensions | undefined {
  return fields[name]?.extensions
}
