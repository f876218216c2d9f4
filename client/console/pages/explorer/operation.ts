import { Kind, OperationTypeNode, print, separateOperations, type OperationDefinitionNode } from 'graphql'
import { parseDocument } from './editor/variable-types.ts'

/** The part of a document that is sent. */
export interface Operation {
  readonly document: string
  readonly isSubscription: boolean
  /** Its name, or that of its first field. */
  readonly title: string
}

/**
 * The operation that the cursor stands in, else the first, with the fragments that it uses: the key server takes one at a time. A
 * text that is no document is sent as it is, and the key server says what is wrong.
 */
export function operationAt(text: string, cursor = 0): Operation {
  const parsed = parseDocument(text)
  const operations = parsed?.definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION) ?? []
  const chosen =
    operations.find(({ loc }) => loc !== undefined && loc.start <= cursor && cursor <= loc.end) ??
    operations[0]
  if (parsed === null || chosen === undefined) {
    const [, title = ''] = /\b(?:query|mutation|subscription)\s+(\w+)/.exec(text) ?? []
    return { document: text, isSubscription: false, title }
  }
  const alone = separateOperations(parsed)[chosen.name?.value ?? '']
  return {
    document: operations.length === 1 || alone === undefined ? text : print(alone),
    isSubscription: chosen.operation === OperationTypeNode.SUBSCRIPTION,
    title: titleOf(chosen),
  }
}

function titleOf({ name, selectionSet }: OperationDefinitionNode): string {
  const [first] = selectionSet.selections
  return name?.value ?? (first?.kind === Kind.FIELD ? first.name.value : '')
}
