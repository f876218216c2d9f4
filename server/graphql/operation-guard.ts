import { type GraphQLError, type ExecutionArgs, type ExecutionResult } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { GraphQLContext } from '../../schema/graphql/context.ts'
import { KeyServerError, signatureRefused } from '../../schema/wire/errors.ts'
import type { Authentication } from '../authentication/authentication.ts'
import type { RequestCaller } from '../authentication/request-caller.ts'
import { toGraphQLError } from './errors.ts'
import { findOperation, fragmentsOf, rootFieldExtensions } from './operation-fields.ts'
import { findVariableError } from './variable-errors.ts'

/**
 * Refuses an unsigned request for a signed operation, and a signed one whose signature is wrong, before anything runs.
 * Answers a request whose signature was refused on the way with that one error and nothing else.
 */
export function useOperationGuard(authentication: Authentication): Plugin<GuardedContext> {
  return {
    async onExecute({ args, setResultAndStopExecution }) {
      const refusal = await refusalOf(args, authentication)
      if (refusal) {
        setResultAndStopExecution({ errors: [refusal] })
        return
      }
      return {
        onExecuteDone({ result, setResult }) {
          if (isResult(result)) setResult(withOneCause(result, args))
        },
      }
    },
    async onSubscribe({ args, setResultAndStopExecution }) {
      const refusal = await refusalOf(args, authentication)
      if (refusal) {
        setResultAndStopExecution({ errors: [refusal] })
        return
      }
      return {
        onSubscribeResult({ result, setResult }) {
          if (isResult(result)) setResult(withOneCause(result, args))
        },
      }
    },
  }
}

type GuardedContext = GraphQLContext & { readonly caller: RequestCaller }

interface GuardedArgs extends ExecutionArgs {
  readonly contextValue: GuardedContext
}

async function refusalOf(
  { schema, document, operationName, contextValue }: GuardedArgs,
  authentication: Authentication,
): Promise<GraphQLError | null> {
  const { caller } = contextValue
  const operation = findOperation(document, operationName)
  if (operation === null) return null
  const fields = rootFieldExtensions(schema, operation, fragmentsOf(document))
  const isSignedOnly = fields.some((field) => field.signed)
  if (!caller.isSigned) return isSignedOnly ? toGraphQLError(signatureRefused('SIGNATURE_REQUIRED')) : null
  if (fields.some((field) => field.registering)) return null
  try {
    // A signed field claims the signature together with its effect; without one it is claimed here.
    if (fields.some((field) => field.byApplicationServer))
      await authentication.verifyApplicationServer(caller)
    else await (isSignedOnly ? authentication.verify(caller) : authentication.claim(caller))
    return null
  } catch (error) {
    if (error instanceof KeyServerError) return toGraphQLError(error)
    throw error
  }
}

function withOneCause(result: ExecutionResult, args: ExecutionArgs): ExecutionResult {
  const unauthenticated = result.errors?.map(({ originalError }) => originalError).find(isUnauthenticated)
  // Without the field: which one asked first is not the cause, and tells a revoked key from an unknown one.
  if (unauthenticated) return { errors: [toGraphQLError(unauthenticated)] }
  const isAboutVariables = result.data === undefined && result.errors?.[0]?.path === undefined
  const variableError = isAboutVariables && result.errors ? findVariableError(args) : null
  return variableError ? { errors: [toRequestError(variableError)] } : result
}

/** A request that could not begin is a 400 (GraphQL over HTTP), but in the older media type. */
function toRequestError(refusal: KeyServerError): GraphQLError {
  const error = toGraphQLError(refusal)
  error.extensions.http = { status: 400, spec: true }
  return error
}

function isUnauthenticated(error: unknown): error is KeyServerError {
  return error instanceof KeyServerError && error.code === 'UNAUTHENTICATED'
}

function isResult(value: object): value is ExecutionResult {
  return 'errors' in value || 'data' in value
}
