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

/** The engine's execution functions. graphql-ws passes an operation to a hook, which looks them up by it. */
export interface Execution {
  execute(args: ExecutionArgs): Promise<ExecutionResult> | ExecutionResult
  subscribe(args: ExecutionArgs): Promise<AsyncIterable<ExecutionResult> | ExecutionResult>
}

const executions = new WeakMap<object, Execution>()

/** The execution functions of an operation that {@link prepareOperation} has prepared. */
export function executionOf(args: ExecutionArgs): Execution {
  const execution = executions.get(args)
  if (execution === undefined) throw new TypeError('An operation must be prepared before it runs.')
  return execution
}

/** The part of Yoga's engine that is used here; Yoga leaves it untyped. */
interface Enveloped extends Execution {
  readonly schema: GraphQLSchema
  parse(source: string): DocumentNode
  validate(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[]
  contextFactory(): unknown
}

/**
 * Parses and validates an operation of a socket. Subscriptions run as the principal that signed the socket; queries and
 * mutations run unsigned, because a signature covers one request, and the socket's covers none of them.
 *
 * @returns the arguments of the execution, or the validation errors
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
  // `params` is not null: a plugin of Yoga reads the operation name from it.
  const transport = { signedRequest: socket, params: {}, clientAddress }
  const engineForRequest: Enveloped = engine.getEnveloped(transport)
  const { schema } = engineForRequest
  const document = engineForRequest.parse(query)
  const errors = engineForRequest.validate(schema, document)
  if (errors.length > 0) return errors
  const operation = findOperation(document, operationName)
  if (operation === null) throw badInput('operationName', 'The request must name one of its operations.')
  const isSubscription = operation.operation === OperationTypeNode.SUBSCRIPTION
  if (!isSubscription) transport.signedRequest = unsigned
  const known = isSubscription ? engine.prepareKnownSubscription(document, transport) : null
  const args: ExecutionArgs = {
    schema,
    document,
    operationName,
    variableValues: variables,
    contextValue: known?.contextValue ?? (await engineForRequest.contextFactory()),
  }
  // A subscription lasts: nothing that Yoga made for its request is kept.
  executions.set(args, known === null ? engineForRequest : { execute: notAtOnce, subscribe: known.begin })
  return args
}

function notAtOnce(): never {
  throw new TypeError('A subscription has many results.')
}
