import { OperationTypeNode, type ExecutionArgs } from 'graphql'
import { badInput } from '../../schema/wire/errors.ts'
import { RequestCaller } from '../authentication/request-caller.ts'
import type { GraphQLEngine } from '../graphql/engine.ts'
import { findOperation } from '../graphql/operation-fields.ts'

/** The engine's own execution, which an operation brings along to where graphql-ws runs it. */
type Execution = Pick<ReturnType<GraphQLEngine['getEnveloped']>, 'execute' | 'subscribe'>

const executions = new WeakMap<object, Execution>()

/** How to run an operation that {@link prepareOperation} has prepared. */
export function executionOf(args: ExecutionArgs): Execution {
  const execution = executions.get(args)
  if (execution === undefined) throw new TypeError('An operation is prepared before it runs.')
  return execution
}

/**
 * Parses and validates an operation of a socket. Subscriptions run as the socket's caller; queries and mutations run
 * unsigned, because a signature covers one request and the socket's covers none of them.
 *
 * @returns what to execute, or the errors of validation
 */
export async function prepareOperation(
  engine: GraphQLEngine,
  socketCaller: RequestCaller,
  payload: {
    readonly query: string
    readonly operationName?: string | null | undefined
    readonly variables?: Record<string, unknown> | null | undefined
  },
): Promise<ExecutionArgs | ReturnType<ReturnType<GraphQLEngine['getEnveloped']>['validate']>> {
  const params = {
    query: payload.query,
    operationName: payload.operationName ?? undefined,
    variables: payload.variables ?? undefined,
  }
  const transport = { caller: socketCaller, params }
  const { parse, validate, schema, ...execution } = engine.getEnveloped(transport)
  const document = parse(params.query)
  const errors = validate(schema, document)
  if (errors.length > 0) return errors
  const operation = findOperation(document, params.operationName)
  if (operation === null) throw badInput('operationName', 'The request names no single operation.')
  if (operation.operation !== OperationTypeNode.SUBSCRIPTION) transport.caller = new RequestCaller(null)
  const args: ExecutionArgs = {
    schema,
    document,
    operationName: params.operationName,
    variableValues: params.variables,
    contextValue: await execution.contextFactory(),
  }
  executions.set(args, execution)
  return args
}
