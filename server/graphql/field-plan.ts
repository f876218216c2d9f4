import {
  getArgumentValues,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  Kind,
  locatedError,
  type FieldNode,
  type GraphQLAbstractType,
  type GraphQLError,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'
import type { GraphQLContext } from '../../schema/graphql/context.ts'

/** A response path, from the last part to the first. */
export type Path = GraphQLResolveInfo['path'] | undefined

/** One execution: what its resolvers receive, and the errors that did not end it. */
export interface Run {
  readonly context: GraphQLContext
  readonly variables: Record<string, unknown>
  readonly errors: GraphQLError[]
}

/** Resolves a field of `source` and completes its value: synchronously, unless something has to be waited for. */
export type RunField = (source: unknown, path: Path, run: Run) => unknown
type Complete = (value: unknown, path: Path, run: Run) => unknown

/** The surroundings in which a field is planned. */
export interface FieldScope {
  readonly schema: GraphQLSchema
  readonly operation: OperationDefinitionNode
  readonly parentType: GraphQLObjectType
}

/** A field of a selection: its name in the answer, and how it is run. */
export interface PlannedField {
  readonly name: string
  readonly run: RunField
}

/** Makes the `info` that a resolver receives. */
type InfoOf = (path: NonNullable<Path>, run: Run) => GraphQLResolveInfo

/**
 * Plans a field and all that is selected of it: its resolver, the completion of its type and its name are found once.
 *
 * @returns null for a form that is not planned: directives, named fragments, introspection other than `__typename`, and
 *   two selections with the same name
 */
export function planField(node: FieldNode, scope: FieldScope): PlannedField | null {
  const { parentType } = scope
  const name = node.alias?.value ?? node.name.value
  const fieldName = node.name.value
  if (node.directives?.length) return null
  if (fieldName === '__typename') return { name, run: () => parentType.name }
  const definition = parentType.getFields()[fieldName]
  // `__proto__` would be no member of an answer.
  if (definition === undefined || name.startsWith('__')) return null
  const { type, args } = definition
  const infoOf = createInfo(node, { ...scope, returnType: type })
  const complete = planType(type, node, { ...scope, fieldName: `${parentType.name}.${fieldName}`, infoOf })
  if (complete === null) return null
  const resolve = definition.resolve ?? ((source: unknown) => memberOf(source, fieldName))
  const isRequired = isNonNullType(type)
  const run: RunField = (source, parentPath, current) => {
    const path = { prev: parentPath, key: name, typename: parentType.name }
    const onError = (error: unknown) => fail(error, { nodes: [node], path, isRequired, run: current })
    try {
      const given = args.length === 0 ? {} : getArgumentValues(definition, node, current.variables)
      const value: unknown = resolve(source, given, current.context, infoOf(path, current))
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

export function createInfo(
  node: FieldNode,
  { schema, operation, parentType, returnType }: FieldScope & { readonly returnType: GraphQLOutputType },
): InfoOf {
  return (path, { variables }) => ({
    fieldName: node.name.value,
    fieldNodes: [node],
    returnType,
    parentType,
    path,
    schema,
    fragments: {},
    rootValue: undefined,
    operation,
    variableValues: variables,
  })
}

/** The surroundings in which a field's value is planned. */
interface ValueScope extends FieldScope {
  /** For people: the type and the field. */
  readonly fieldName: string
  readonly infoOf: InfoOf
}

function planType(type: GraphQLOutputType, node: FieldNode, scope: ValueScope): Complete | null {
  const { fieldName } = scope
  if (isNonNullType(type)) {
    const complete = planType(type.ofType, node, scope)
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
  if (isListType(type)) return planList(type.ofType, node, scope)
  if (isLeafType(type)) {
    return (value) => {
      if (value === null || value === undefined) return null
      const serialized: unknown = type.serialize(value)
      if (serialized === null || serialized === undefined) {
        throw new Error(`The value of ${fieldName} is not a ${type.name}.`)
      }
      return serialized
    }
  }
  return isAbstractType(type) ? planAbstract(type, node, scope) : planObject(type, node, scope)
}

function planList(itemType: GraphQLOutputType, node: FieldNode, scope: ValueScope): Complete | null {
  const complete = planType(itemType, node, scope)
  if (complete === null) return null
  const isRequired = isNonNullType(itemType)
  return (value, path, run) => {
    if (value === null || value === undefined) return null
    if (!Array.isArray(value))
      throw new Error(`Expected Iterable, but did not find one for field "${scope.fieldName}".`)
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

/** Plans an interface or a union: the selections of each type that a value may have. */
function planAbstract(type: GraphQLAbstractType, node: FieldNode, scope: ValueScope): Complete | null {
  const { resolveType } = type
  if (!resolveType) return null
  const completions = new Map<string, Complete>()
  for (const possible of scope.schema.getPossibleTypes(type)) {
    const complete = planObject(possible, node, scope)
    if (complete === null) return null
    completions.set(possible.name, complete)
  }
  return (value, path, run) => {
    if (value === null || value === undefined) return null
    const completeAs = (name: unknown) => {
      const complete = typeof name === 'string' ? completions.get(name) : undefined
      if (complete !== undefined) return complete(value, path, run)
      throw new Error(
        `Abstract type "${type.name}" was resolved to a type "${String(name)}" that does not exist inside the schema.`,
      )
    }
    const info = scope.infoOf(path ?? { prev: undefined, key: '', typename: undefined }, run)
    const name = resolveType(value, run.context, info, type)
    return isPromise(name) ? name.then(completeAs) : completeAs(name)
  }
}

function planObject(type: GraphQLObjectType, node: FieldNode, scope: FieldScope): Complete | null {
  if (type.isTypeOf) return null
  const planned = node.selectionSet === undefined ? [] : planSelections(type, node.selectionSet, scope)
  if (planned === null) return null
  const names = new Set(planned.map(({ name }) => name))
  if (names.size < planned.length) return null
  return (value, path, run) => {
    if (value === null || value === undefined) return null
    const result: Record<string, unknown> = {}
    let pending: Promise<void>[] | undefined
    for (const { name, run: runField } of planned) {
      const completed = runField(value, path, run)
      // Set at once, so that the members keep their order whenever their values come.
      result[name] = completed
      if (isPromise(completed)) {
        pending ??= []
        pending.push(completed.then((resolved) => void (result[name] = resolved)))
      }
    }
    return pending === undefined ? result : Promise.all(pending).then(() => result)
  }
}

/** The fields that are selected of an object of this type, those in inline fragments included. */
function planSelections(
  type: GraphQLObjectType,
  { selections }: SelectionSetNode,
  scope: FieldScope,
): PlannedField[] | null {
  const planned: PlannedField[] = []
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) {
      const field = planField(selection, { ...scope, parentType: type })
      if (field === null) return null
      planned.push(field)
    } else {
      if (selection.kind === Kind.FRAGMENT_SPREAD || selection.directives?.length) return null
      const { typeCondition } = selection
      if (typeCondition !== undefined && !isOf(scope.schema, type, typeCondition.name.value)) continue
      const fields = planSelections(type, selection.selectionSet, scope)
      if (fields === null) return null
      planned.push(...fields)
    }
  }
  return planned
}

function isOf(schema: GraphQLSchema, type: GraphQLObjectType, name: string): boolean {
  const named = schema.getType(name)
  return named === type || (isAbstractType(named) && schema.isSubType(named, type))
}

interface Failure {
  readonly nodes: readonly FieldNode[]
  readonly path: NonNullable<Path>
  readonly isRequired: boolean
  readonly run: Run
}

/** A nullable field becomes null, with its error recorded; any other one fails its parent. */
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

function memberOf(source: unknown, name: string): unknown {
  return typeof source === 'object' && source !== null ? Reflect.get(source, name) : undefined
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise
}
