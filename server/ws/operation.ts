import {
  OperationTypeNode,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
} from 'graphql'
import { badInput } from '../../schema/wire/errors.ts'
import type { SignedRequest } from '../auth/signed-request.ts'
import type { GraphQLEngine } from '../graphql/engine.ts'
import { findOperation } from '../graphql/operation-fields.ts'

/** The engine's own execution, which an operation brings along to where graphql-ws runs it. */
export interface Execution {
  execute(args: ExecutionArgs): Promise<ExecutionResult> | ExecutionResult
  subscribe(args: ExecutionArgs): Promise<AsyncIterable<ExecutionResult> | ExecutionResult>
}

const executions = new WeakMap<object, Execution>()

/** How to run an operation that {@link prepareOperation} has prepared. */
export function executionOf(args: ExecutionArgs): Execution {
  const execution = executions.get(args)
  if (execution === undefined) throw new TypeError('An operation is prepared before it runs.')
  return execution
}

/** What of the engine is used here; Yoga leaves it untyped. */
interface Enveloped extends Execution {
  readonly schema: GraphQLSchema
  parse(source: string): DocumentNode
  validate(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[]
  contextFactory(): unknown
}

/**
 * Parses and validates an operation of a socket. Subscriptions run as the principal that signed the socket; queries and mutations run
 * unsigned, because a signature covers one request and the socket's covers none of them.
 *
 * @returns what to execute, or the errors of validation
 */
export async function prepareOperation(
  engine: GraphQLEngine,
  {
    socket,
    unsigned,
    clientAddress,
  }: { readonly socket: SignedRequest; readonly unsigned: SignedRequest; readonly clientAddress: string },
  payload: {
    readonly query: string
    readonly operationName?: string | null | undefined
    readonly variables?: Record<string, unknown> | null | undefined
  },
): Promise<ExecutionArgs | readonly GraphQLError[]> {
  const { query, operationName = null, variables = null } = payload
  // Not null: a plugin of Yoga takes the operation name out of it.
  const transport = { signedRequest: socket, params: {}, clientAddress }
  const engineForRequest: Enveloped = engine.getEnveloped(transport)
  const { schema } = engineForRequest
  const document = engineForRequest.parse(query)
  const errors = engineForRequest.validate(schema, document)
  if (errors.length > 0) return errors
  const operation = findOperation(document, operationName)
  if (operation === null) throw badInput('operationName', 'The request names no single operation.')
  if (operation.operation !== OperationTypeNode.SUBSCRIPTION) transport.signedRequest = unsigned
  const args: ExecutionArgs = {
    schema,
    document,
    operationName,
    variableValues: variables,
    contextValue: await engineForRequest.contextFactory(),
  }
  executions.set(args, engineForRequest)
  return args
}
