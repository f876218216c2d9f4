import { GraphQLError, type ExecutionArgs, type ExecutionResult } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { RootFieldExtensions } from '../../schema/graphql/builder.ts'
import type { GraphQLContext } from '../../schema/graphql/context.ts'
import { KeyServerError, signatureRefused, type ErrorCode } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import type { SignedRequest } from '../auth/signed-request.ts'
import { executionsMax } from '../lib/transport-limits.ts'
import { isLongerThan } from './answer-size.ts'
import { toGraphQLError } from './errors.ts'
import { findOperation, fragmentsOf, rootFieldExtensions } from './operation-fields.ts'
import { noteOperation } from '../observation/request-report.ts'
import { operationNameOf } from './operation-name.ts'
import { findVariableError } from './variable-errors.ts'

/** Has the guard run every execution of Yoga's. */
export function useOperationGuard(guard: OperationGuard): Plugin<GuardedContext> {
  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      // Yoga leaves its executors untyped.
      const execute: (executed: ExecutionArgs) => unknown = executeFn
      setExecuteFn((executed: ExecutionArgs) => guard.execute(args, () => execute(executed)))
    },
    onSubscribe({ args, subscribeFn, setSubscribeFn }) {
      const subscribe: (subscribed: ExecutionArgs) => unknown = subscribeFn
      setSubscribeFn((subscribed: ExecutionArgs) => guard.subscribe(args, () => subscribe(subscribed)))
    },
  }
}

/**
 * Guards the execution of every operation:
 *
 * 1. limits how many queries and mutations run at a time, over all transports;
 * 2. refuses an unsigned request for a signed operation, and a wrong signature, before anything runs;
 * 3. consumes a nonce that no field has consumed, e.g. because the arguments were refused;
 * 4. answers a request whose signature was refused while it ran with that one error and nothing else, and likewise a request
 *    whose answer is too long.
 */
export class OperationGuard {
  #running = 0

  /** @param fields the root fields of the operation, where they are known */
  async execute<Result>(
    args: GuardedArgs,
    run: () => Promise<Result> | Result,
    fields = fieldsOf(args),
  ): Promise<Result | ExecutionResult> {
    noteOperation(operationNameOf(args))
    if (this.#running >= executionsMax) return { errors: [toGraphQLError(tooManyExecutions())] }
    this.#running += 1
    try {
      const refusal = await refusalOf(args, fields)
      return refusal ? { errors: [refusal] } : await answerOf(await run(), args)
    } finally {
      this.#running -= 1
    }
  }

  /** Begins a subscription, which may last and so is no running execution. */
  async subscribe<Result>(
    args: GuardedArgs,
    begin: () => Promise<Result> | Result,
  ): Promise<Result | ExecutionResult> {
    noteOperation(operationNameOf(args), { isStream: true })
    const refusal = await refusalOf(args, fieldsOf(args))
    return refusal ? { errors: [refusal] } : answerOf(await begin(), args)
  }
}

/** The context of an execution that the guard runs. */
export type GuardedContext = GraphQLContext & { readonly signedRequest: SignedRequest }

interface GuardedArgs extends ExecutionArgs {
  readonly contextValue: GuardedContext
}

async function refusalOf(
  { contextValue: { signedRequest } }: GuardedArgs,
  fields: ReturnType<typeof fieldsOf>,
): Promise<GraphQLError | null> {
  if (fields === null) return null
  const isSignedOnly = fields.some((field) => field.signed)
  if (!signedRequest.hasSignature)
    return isSignedOnly ? toGraphQLError(signatureRefused('SIGNATURE_REQUIRED')) : null
  if (fields.some((field) => field.registering)) return null
  try {
    // A signed field consumes the nonce together with its effect; without such a field it is consumed here.
    if (fields.some((field) => field.byApplicationServer)) await signedRequest.verifyApplicationServer()
    else await (isSignedOnly ? signedRequest.verify() : signedRequest.consumeNonceOfAccount())
    return null
  } catch (error) {
    if (error instanceof KeyServerError) return toGraphQLError(error)
    throw error
  }
}

/** The declared properties of the operation's root fields; null when no operation is selected. */
export function fieldsOf({
  schema,
  document,
  operationName,
}: Pick<ExecutionArgs, 'schema' | 'document' | 'operationName'>): RootFieldExtensions[] | null {
  const operation = findOperation(document, operationName)
  return operation && rootFieldExtensions(schema, operation, fragmentsOf(document))
}

function tooManyExecutions(): KeyServerError {
  return new KeyServerError('UNAVAILABLE', 'The key server is too busy for this now.', {
    retryAfterSeconds: 1,
  })
}

function tooLarge(charactersMax: number): KeyServerError {
  return new KeyServerError(
    'TOO_LARGE',
    `An answer has at most ${String(charactersMax)} characters: request fewer items at a time.`,
  )
}

async function answerOf<Result>(result: Result, args: GuardedArgs): Promise<Result | ExecutionResult> {
  if (!isResult(result)) return result
  const refusal = await consumeUnconsumed(result, args)
  if (refusal) return { errors: [refusal] }
  const charactersMax = args.contextValue.signedRequest.hasSignature
    ? limits.signedAnswerCharactersMax
    : limits.unsignedAnswerCharactersMax
  return isLongerThan(result.data, charactersMax)
    ? { errors: [toGraphQLError(tooLarge(charactersMax))] }
    : withOneCause(result, args)
}

/**
 * Consumes the nonce when no field has. Otherwise a revoked key would get the errors of its request, and get them again
 * whenever the request is replayed.
 */
async function consumeUnconsumed(
  { errors = [] }: ExecutionResult,
  args: GuardedArgs,
): Promise<GraphQLError | null> {
  const { signedRequest } = args.contextValue
  if (!signedRequest.hasSignature || signedRequest.isNonceConsumed) return null
  // After a fault it is unknown what was committed: consuming the nonce could make a committed request look replayed.
  if (errors.some(({ originalError }) => isFault(originalError))) return null
  // The key of a registration may be unknown still.
  if (fieldsOf(args)?.some((field) => field.registering) !== false) return null
  try {
    await signedRequest.consumeNonce()
    return null
  } catch (error) {
    if (error instanceof KeyServerError) return toGraphQLError(error)
    throw error
  }
}

/** Any error but a refusal of the request, e.g. of an argument. */
function isFault(error: Error | undefined): boolean {
  if (error === undefined || error instanceof GraphQLError) return false
  return !(error instanceof KeyServerError) || notConsumedAfter.has(error.code)
}

/** Codes after which the nonce is not consumed: the signature was already rejected, or the operation may have committed. */
const notConsumedAfter: ReadonlySet<ErrorCode> = new Set([
  'UNAUTHENTICATED',
  // A request beyond a limit writes nothing.
  'RATE_LIMITED',
  'UNAVAILABLE',
  'INTERNAL_SERVER_ERROR',
])

function withOneCause(result: ExecutionResult, args: ExecutionArgs): ExecutionResult {
  const unauthenticated = result.errors?.map(({ originalError }) => originalError).find(isUnauthenticated)
  // Without the path: it would show which field ran first, and so distinguish a revoked key from an unknown one.
  if (unauthenticated) return { errors: [toGraphQLError(unauthenticated)] }
  const isAboutVariables = result.data === undefined && result.errors?.[0]?.path === undefined
  const variableError = isAboutVariables && result.errors ? findVariableError(args) : null
  return variableError ? { errors: [toRequestError(variableError)] } : result
}

/** A request whose execution could not begin is a 400 (GraphQL over HTTP), except in the older media type. */
function toRequestError(refusal: KeyServerError): GraphQLError {
  const error = toGraphQLError(refusal)
  error.extensions.http = { status: 400, spec: true }
  return error
}

function isUnauthenticated(error: unknown): error is KeyServerError {
  return error instanceof KeyServerError && error.code === 'UNAUTHENTICATED'
}

function isResult(value: unknown): value is ExecutionResult {
  return typeof value === 'object' && value !== null && ('errors' in value || 'data' in value)
}
