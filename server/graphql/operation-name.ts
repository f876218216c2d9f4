import type { DocumentNode, ExecutionArgs } from 'graphql'
import { otherOperation } from '../observation/request-report.ts'
import { collectFields, findOperation, fragmentsOf } from './operation-fields.ts'

/** Documents that are kept parsed keep their name as well. */
const names = new WeakMap<DocumentNode, string>()

/**
 * The name of an operation in logs and metrics: its root field, `introspection`, or `several` for several. The name that a
 * client gives it is not used, because a client can make up any number of those.
 */
export function operationNameOf({
  schema,
  document,
  operationName,
}: Pick<ExecutionArgs, 'schema' | 'document' | 'operationName'>): string {
  const known = names.get(document)
  if (known !== undefined) return known
  const operation = findOperation(document, operationName)
  if (operation === null) return otherOperation
  const fields = schema.getRootType(operation.operation)?.getFields() ?? {}
  const found = new Set(
    collectFields(operation.selectionSet, fragmentsOf(document)).map(({ name: { value } }) =>
      value.startsWith('__') ? 'introspection' : Object.hasOwn(fields, value) ? value : otherOperation,
    ),
  )
  const [first = otherOperation] = found
  const name = found.size > 1 ? 'several' : first
  // When a document has several operations, the request chooses one.
  if (document.definitions.filter(({ kind }) => kind === operation.kind).length === 1)
    names.set(document, name)
  return name
}
