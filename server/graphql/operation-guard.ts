import { type GraphQLError, type ExecutionArgs, type ExecutionResult } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { GraphQLContext } from '../../schema/graphql/context.ts'
import { KeyServerError, signatureRefused } from '../../schema/wire/errors.ts'
import { toGraphQLError } from './errors.ts'
import { findOperation, fragmentsOf, rootFieldExtensions } from './operation-fields.ts'
import { findVariableError } from './variable-errors.ts'

/**
 * Refuses an unsigned request for a signed operation before anything runs, and answers a request whose signature was
 * refused on the way with that one error and nothing else.
 */
export function useOperationGuard(): Plugin<GraphQLContext> {
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const refusal = refuseUnsigned(args)
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
    onSubscribe({ args, setResultAndStopExecution }) {
      const refusal = refuseUnsigned(args)
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

interface GuardedArgs extends ExecutionArgs {
  readonly contextValue: GraphQLContext
}

function refuseUnsigned({ schema, document, operationName, contextValue }: GuardedArgs): GraphQLError | null {
  if (contextValue.caller.isSigned) return null
  const operation = findOperation(document, operationName)
  if (operation === null) return null
  const isSigned = rootFieldExtensions(schema, operation, fragmentsOf(document)).some((field) => field.signed)
  return isSigned ? toGraphQLError(signatureRefused('SIGNATURE_REQUIRED')) : null
}

function withOneCause(result: ExecutionResult, args: ExecutionArgs): ExecutionResult {
  const unauthenticated = result.errors?.find(({ originalError }) => isUnauthenticated(originalError))
  if (unauthenticated) return { errors: [unauthenticated] }
  const isAboutVariables = result.data === undefined && result.errors?.[0]?.path === undefined
  const variableError = isAboutVariables && result.errors ? findVariableError(args) : null
  return variableError ? { errors: [toRequestError(variableError)] } : result
}

/** A request that could not begin is a 400 (GraphQL over HTTP), but in the older media type. */
function toRequestError(refusal: KeyServerError): GraphQLError {
  const error = toGraphQLError(refusal)
  error.extensions['http'] = { status: 400, spec: true }
  return error
}

function isUnauthenticated(error: unknown): boolean {
  return error instanceof KeyServerError && error.code === 'UNAUTHENTICATED'
}

function isResult(value: object): value is ExecutionResult {
  return 'errors' in value || 'data' in value
}
