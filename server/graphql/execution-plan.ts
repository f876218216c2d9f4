import {
  getArgumentValues,
  getVariableValues,
  GraphQLError,
  Kind,
  locatedError,
  OperationTypeNode,
  type DocumentNode,
  type ExecutionResult,
  type FieldNode,
  type GraphQLField,
  type GraphQLSchema,
} from 'graphql'
import type { GraphQLContext } from '../../schema/graphql/context.ts'
import {
  createInfo,
  planField,
  type FieldScope,
  type Path,
  type PlannedField,
  type Run,
} from './field-plan.ts'

/**
 * Executes a planned operation. `variables` are as the client sent them. Errors of resolvers are in the result; a rejection is
 * a bug.
 */
export type ExecutionPlan = (
  context: GraphQLContext,
  variables: Readonly<Record<string, unknown>>,
) => Promise<ExecutionResult>

/** Likewise a subscription: its results, or the one of a subscription that could not begin, each passed through `finish`. */
export type SubscriptionPlan = (
  context: GraphQLContext,
  variables: Readonly<Record<string, unknown>>,
  finish: (result: ExecutionResult) => ExecutionResult,
) => Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult>

/**
 * Plans a valid document that is executed often: what graphql-js works out anew at each execution, the fields of each
 * selection, their resolvers and how their types are completed, is worked out once. The result is that of the algorithm of
 * the GraphQL specification (§6), and so the same as that of graphql-js. Record 21 says what it saves.
 *
 * The forms that clients repeat are planned: one operation with one root field ({@link planField}).
 *
 * @returns null for any other form, and for subscriptions. Validating the document is the caller's task
 */
export function planExecution(schema: GraphQLSchema, document: DocumentNode): ExecutionPlan | null {
  const planned = planRoot(schema, document)
  if (planned === null || planned.operation.operation === OperationTypeNode.SUBSCRIPTION) return null
  return async (context, given) => {
    const { coerced: variables, errors } = variablesOf(planned, given)
    return errors === undefined ? runRoot(planned, undefined, { context, variables, errors: [] }) : { errors }
  }
}

/** Plans a subscription likewise: each event is executed by the plan. */
export function planSubscription(schema: GraphQLSchema, document: DocumentNode): SubscriptionPlan | null {
  const planned = planRoot(schema, document)
  const subscribe = planned?.definition.subscribe
  if (planned === null || !subscribe) return null
  const { node, definition, parentType } = planned
  const infoOf = createInfo(node, { ...planned, returnType: definition.type })
  return async (context, given, finish) => {
    const { coerced: variables, errors } = variablesOf(planned, given)
    if (errors !== undefined) return finish({ errors })
    const run: Run = { context, variables, errors: [] }
    const path: NonNullable<Path> = { prev: undefined, key: planned.field.name, typename: parentType.name }
    let events: unknown
    try {
      const args = getArgumentValues(definition, node, variables)
      events = await subscribe(undefined, args, context, infoOf(path, run))
      if (!isAsyncIterable(events)) throw new TypeError('A subscription begins with a stream of events.')
    } catch (error) {
      return finish({ errors: [locatedError(error, [node], [planned.field.name])] })
    }
    return mapEvents(events, async (event) =>
      finish(await runRoot(planned, event, { context, variables, errors: [] })),
    )
  }
}

/** An operation with one root field. */
interface PlannedRoot extends FieldScope {
  readonly node: FieldNode
  readonly definition: GraphQLField<unknown, unknown>
  readonly field: PlannedField
}

function planRoot(schema: GraphQLSchema, document: DocumentNode): PlannedRoot | null {
  const [operation, ...others] = document.definitions
  if (operation?.kind !== Kind.OPERATION_DEFINITION || others.length > 0) return null
  if (operation.directives?.length) return null
  const parentType = schema.getRootType(operation.operation)
  const [node, ...more] = operation.selectionSet.selections
  if (!parentType || node?.kind !== Kind.FIELD || more.length > 0) return null
  const definition = parentType.getFields()[node.name.value]
  const field = planField(node, { schema, operation, parentType })
  return definition === undefined || field === null
    ? null
    : { schema, operation, parentType, node, definition, field }
}

/** The values of the variables, or `errors`: what is wrong with those that were sent. */
function variablesOf({ schema, operation }: PlannedRoot, given: Readonly<Record<string, unknown>>) {
  // The default of graphql-js.
  return getVariableValues(schema, operation.variableDefinitions ?? [], given, { maxErrors: 50 })
}

async function runRoot({ field }: PlannedRoot, source: unknown, run: Run): Promise<ExecutionResult> {
  let data: Record<string, unknown> | null
  try {
    data = { [field.name]: await field.run(source, undefined, run) }
  } catch (error) {
    run.errors.push(toGraphQLError(error))
    data = null
  }
  return run.errors.length === 0 ? { data } : { errors: run.errors, data }
}

/**
 * Not a generator, because one cannot be ended while its next event is awaited. Like a generator, it ends with its first
 * error.
 */
function mapEvents(
  events: AsyncIterable<unknown>,
  execute: (event: unknown) => Promise<ExecutionResult>,
): AsyncIterableIterator<ExecutionResult> {
  const iterator = events[Symbol.asyncIterator]()
  let hasFailed = false
  return {
    next: async () => {
      if (hasFailed) return { done: true, value: undefined }
      try {
        const next: IteratorResult<unknown, unknown> = await iterator.next()
        return next.done === true
          ? { done: true, value: undefined }
          : { done: false, value: await execute(next.value) }
      } catch (error) {
        hasFailed = true
        throw error
      }
    },
    return: async () => {
      await iterator.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

function toGraphQLError(error: unknown): GraphQLError {
  return error instanceof GraphQLError ? error : locatedError(error, undefined)
}
