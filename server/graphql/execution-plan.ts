import {
  getArgumentValues,
  getVariableValues,
  GraphQLError,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  locatedError,
  OperationTypeNode,
  type DocumentNode,
  type ExecutionResult,
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql'
import type { GraphQLContext } from '../../schema/graphql/context.ts'

/** A response path, from the last part to the first. */
type Path = GraphQLResolveInfo['path'] | undefined

/** One execution: what its resolvers get, and the errors that did not end it. */
interface Run {
  readonly context: GraphQLContext
  readonly variables: Record<string, unknown>
  readonly errors: GraphQLError[]
}

/** Runs a field of a source, or completes a value. Synchronously when everything that it needs is there. */
type RunField = (source: unknown, path: Path, run: Run) => unknown
type Complete = (value: unknown, path: Path, run: Run) => unknown

/** Executes an operation that was planned before. `variables` are as they were sent. It rejects with nothing that was foreseen. */
export type ExecutionPlan = (
  context: GraphQLContext,
  variables: Readonly<Record<string, unknown>>,
) => Promise<ExecutionResult>

/**
 * Plans a valid document that is executed often: everything that graphql-js finds anew at each execution, the fields of
 * each selection, their resolvers and the ways of their types, is found once. The result is that of the algorithm of the
 * GraphQL specification (§6), and so the same as that of graphql-js. Record 21 says what it saves.
 *
 * Planned are the forms that clients repeat: one operation with one root field, that is no subscription, without fragments,
 * directives, introspection, interfaces, unions, and two selections of one name.
 *
 * @returns null for any other form. Whether the document is valid, is asked after
 */
export function planExecution(schema: GraphQLSchema, document: DocumentNode): ExecutionPlan | null {
  const [operation, ...others] = document.definitions
  if (operation?.kind !== Kind.OPERATION_DEFINITION || others.length > 0) return null
  if (operation.operation === OperationTypeNode.SUBSCRIPTION || operation.directives?.length) return null
  const root = schema.getRootType(operation.operation)
  const [field, ...more] = operation.selectionSet.selections
  if (root === undefined || root === null || field?.kind !== Kind.FIELD || more.length > 0) return null
  const planned = planField(field, { schema, operation, parentType: root })
  if (planned === null) return null
  const { name, run: runField } = planned
  return async (context, given) => {
    const { coerced, errors: variableErrors } = getVariableValues(
      schema,
      operation.variableDefinitions ?? [],
      given,
      {
        maxErrors: variableErrorsMax,
      },
    )
    if (variableErrors !== undefined) return { errors: variableErrors }
    const run: Run = { context, variables: coerced, errors: [] }
    let data: Record<string, unknown> | null
    try {
      data = { [name]: await runField(undefined, undefined, run) }
    } catch (error) {
      run.errors.push(toGraphQLError(error))
      data = null
    }
    return run.errors.length === 0 ? { data } : { errors: run.errors, data }
  }
}

/** As graphql-js has it. */
const variableErrorsMax = 50

interface Place {
  readonly schema: GraphQLSchema
  readonly operation: OperationDefinitionNode
  readonly parentType: GraphQLObjectType
}

function planField(node: FieldNode, place: Place): { readonly name: string; readonly run: RunField } | null {
  const { schema, operation, parentType } = place
  const name = node.alias?.value ?? node.name.value
  const fieldName = node.name.value
  const definition = parentType.getFields()[fieldName]
  // A name of two underscores is introspection's, and `__proto__` would be no member of an answer.
  if (definition === undefined || name.startsWith('__') || node.directives?.length) return null
  const { type, args } = definition
  const complete = planType(type, node, { ...place, fieldName: `${parentType.name}.${fieldName}` })
  if (complete === null) return null
  const resolve = definition.resolve ?? ((source: unknown) => memberOf(source, fieldName))
  const isRequired = isNonNullType(type)
  const run: RunField = (source, parentPath, current) => {
    const path = { prev: parentPath, key: name, typename: parentType.name }
    const onError = (error: unknown) => fail(error, { nodes: [node], path, isRequired, run: current })
    try {
      const given = args.length === 0 ? {} : getArgumentValues(definition, node, current.variables)
      const value: unknown = resolve(source, given, current.context, {
        fieldName,
        fieldNodes: [node],
        returnType: type,
        parentType,
        path,
        schema,
        fragments: {},
        rootValue: undefined,
        operation,
        variableValues: current.variables,
      })
      const completed = isPromise(value)
        ? value.then((resolved) => complete(resolved, path, current))
        : complete(value, path, current)
      return isPromise(completed) ? completed.then(undefined, onError) : completed
    } catch (error) {
      return onError(error)
    }
  }
  return { name, run }
}

function planType(
  type: GraphQLOutputType,
  node: FieldNode,
  place: Place & { readonly fieldName: string },
): Complete | null {
  const { fieldName } = place
  if (isNonNullType(type)) {
    const complete = planType(type.ofType, node, place)
    if (complete === null) return null
    const assertPresent = (value: unknown) => {
      if (value === null) throw new Error(`Cannot return null for non-nullable field ${fieldName}.`)
      return value
    }
    return (value, path, run) => {
      const completed = complete(value, path, run)
      return isPromise(completed) ? completed.then(assertPresent) : assertPresent(completed)
    }
  }
  if (isListType(type)) return planList(type.ofType, node, place)
  if (isLeafType(type)) {
    return (value) => {
      if (value === null || value === undefined) return null
      const serialized: unknown = type.serialize(value)
      if (serialized === null || serialized === undefined) {
        throw new Error(`The value of ${fieldName} is none of ${type.name}.`)
      }
      return serialized
    }
  }
  return isObjectType(type) && !type.isTypeOf ? planObject(type, node, place) : null
}

function planList(
  itemType: GraphQLOutputType,
  node: FieldNode,
  place: Place & { readonly fieldName: string },
): Complete | null {
  const complete = planType(itemType, node, place)
  if (complete === null) return null
  const isRequired = isNonNullType(itemType)
  return (value, path, run) => {
    if (value === null || value === undefined) return null
    if (!Array.isArray(value))
      throw new Error(`Expected Iterable, but did not find one for field "${place.fieldName}".`)
    const items = value.map((item: unknown, index) => {
      const itemPath = { prev: path, key: index, typename: undefined }
      const onError = (error: unknown) => fail(error, { nodes: [node], path: itemPath, isRequired, run })
      try {
        const completed = isPromise(item)
          ? item.then((resolved) => complete(resolved, itemPath, run))
          : complete(item, itemPath, run)
        return isPromise(completed) ? completed.then(undefined, onError) : completed
      } catch (error) {
        return onError(error)
      }
    })
    return items.some(isPromise) ? Promise.all(items) : items
  }
}

function planObject(type: GraphQLObjectType, node: FieldNode, place: Place): Complete | null {
  const fields = (node.selectionSet?.selections ?? []).map((selection) =>
    selection.kind === Kind.FIELD ? planField(selection, { ...place, parentType: type }) : null,
  )
  const planned = fields.filter((field) => field !== null)
  const names = planned.map(({ name }) => name)
  if (planned.length !== fields.length || new Set(names).size !== names.length) return null
  return (value, path, run) => {
    if (value === null || value === undefined) return null
    const result: Record<string, unknown> = {}
    let pending: Promise<void>[] | undefined
    for (const { name, run: runField } of planned) {
      const completed = runField(value, path, run)
      // Its place among the members, whenever it comes.
      result[name] = completed
      if (isPromise(completed)) {
        pending ??= []
        pending.push(completed.then((resolved) => void (result[name] = resolved)))
      }
    }
    return pending === undefined ? result : Promise.all(pending).then(() => result)
  }
}

interface Failure {
  readonly nodes: readonly FieldNode[]
  readonly path: NonNullable<Path>
  readonly isRequired: boolean
  readonly run: Run
}

/** A field that may be null is null then; any other one fails its parent. */
function fail(error: unknown, { nodes, path, isRequired, run }: Failure): null {
  const located = locatedError(error, nodes, partsOf(path))
  if (isRequired) throw located
  run.errors.push(located)
  return null
}

function partsOf(path: NonNullable<Path>): (string | number)[] {
  const parts: (string | number)[] = []
  for (let part: Path = path; part !== undefined; part = part.prev) parts.unshift(part.key)
  return parts
}

function toGraphQLError(error: unknown): GraphQLError {
  return error instanceof GraphQLError ? error : locatedError(error, undefined)
}

function memberOf(source: unknown, name: string): unknown {
  return typeof source === 'object' && source !== null ? Reflect.get(source, name) : undefined
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise
}
