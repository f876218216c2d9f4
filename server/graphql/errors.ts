import { GraphQLError } from 'graphql'
import { errorCodes, KeyServerError, type ErrorCode } from '../../schema/wire/errors.ts'
import { isConflict } from '../database/conflicts.ts'
import { codesOf } from '../database/error-codes.ts'
import { describeTrouble, troubleOf } from '../database/trouble.ts'
import type { Logger } from '../lib/log.ts'
import { noteCode, requestFields } from '../observation/request-report.ts'

/** HTTP statuses of refusals; the others are sent with 200. */
const statuses: Partial<Record<ErrorCode, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  TOO_LARGE: 413,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
  INTERNAL_SERVER_ERROR: 500,
  GRAPHQL_PARSE_FAILED: 400,
  GRAPHQL_VALIDATION_FAILED: 400,
}

/**
 * A refusal as a GraphQL error, with the code and details in its extensions. Every error that a client gets is made here, so
 * here the code is noted for the request's log line.
 */
export function toGraphQLError(refusal: KeyServerError, at?: GraphQLError): GraphQLError {
  noteCode(refusal.code)
  const status = statuses[refusal.code]
  const { retryAfterSeconds } = refusal.details
  const headers = retryAfterSeconds !== undefined && { 'Retry-After': String(retryAfterSeconds) }
  return new GraphQLError(refusal.message, {
    ...(at?.path && { path: at.path }),
    nodes: at?.nodes ?? null,
    source: at?.source ?? null,
    positions: at?.positions ?? null,
    extensions: {
      code: refusal.code,
      ...refusal.details,
      ...(status !== undefined && { http: { status, ...(headers && { headers }) } }),
    },
  })
}

/**
 * Turns an error into what a client may see: refusals as they are, faults masked and logged. Yoga calls it as `maskError`.
 */
export function createErrorMask(log: Logger): (error: unknown) => GraphQLError {
  return (error) => {
    const at = error instanceof GraphQLError ? error : undefined
    const cause = at?.originalError ?? error
    if (cause instanceof KeyServerError) return toGraphQLError(cause, at)
    if (at && cause === at) return toRequestError(at)
    const trouble = troubleOf(cause)
    if (trouble !== null) {
      log.warn({ ...requestFields(), err: cause }, describeTrouble(trouble))
      const { retryAfterSeconds } = trouble
      return toGraphQLError(
        new KeyServerError('UNAVAILABLE', 'The key server cannot use its database now.', {
          retryAfterSeconds,
        }),
        at,
      )
    }
    if (isBusy(cause)) {
      log.warn({ ...requestFields(), err: cause }, 'the database gave a statement up')
      return toGraphQLError(
        new KeyServerError('UNAVAILABLE', 'The key server is too busy for this now.', {
          retryAfterSeconds: busySeconds,
        }),
        at,
      )
    }
    log.error({ ...requestFields(), err: cause }, 'a request failed')
    return toGraphQLError(new KeyServerError('INTERNAL_SERVER_ERROR', 'The key server failed.'), at)
  }
}

const busySeconds = 1

/** Whether PostgreSQL cancelled what may succeed when it is repeated: nothing was committed. */
function isBusy(error: unknown): boolean {
  return isConflict(error) || codesOf(error).some((code) => timeoutCodes.has(code))
}

/** lock_not_available (lock_timeout) and query_canceled (statement_timeout) */
const timeoutCodes: ReadonlySet<string> = new Set(['55P03', '57014'])

/** Masks errors of graphql-js and Yoga about the request: their messages may quote what was sent, which is cut off. */
function toRequestError(error: GraphQLError): GraphQLError {
  const { code, http } = error.extensions
  if (errorCodes.some((own) => own === code && !requestErrorCodes.has(own))) return error
  const isSyntax = error.message.startsWith('Syntax Error')
  const refusal = new KeyServerError(
    isSyntax ? 'GRAPHQL_PARSE_FAILED' : 'GRAPHQL_VALIDATION_FAILED',
    withoutLiterals(error.message),
  )
  const masked = toGraphQLError(refusal, error)
  // The status depends on the requested media type; Yoga has set it.
  if (http !== undefined) masked.extensions.http = http
  return masked
}

/** Codes that Yoga sets as well, on errors whose message is not ours. */
const requestErrorCodes: ReadonlySet<ErrorCode> = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
])

/** `Expected value of type "Int", found …` and `Int cannot represent non-integer value: …` */
function withoutLiterals(message: string): string {
  return message
    .replace(/^(Variable "\$\w+" got invalid value)[^]*$/, '$1.')
    .replace(/^(Unexpected parameter )[^]*(in the request body\.)$/, '$1$2')
    .replace(/^(Expected value of type "[^"]*")[^]*$/, '$1.')
    .replace(/^(\w+ cannot represent [a-z0-9 -]+)[^]*$/, '$1.')
    .replace(/^(Value )[^]*(does not exist in "\w+" enum\.)[^]*$/, '$1$2')
    .replace(/^(Enum "\w+" cannot represent [a-z0-9 -]+)[^]*$/, '$1.')
    .replace(/^(Syntax Error: (?:Expected [^,]{1,40}, found|Unexpected) \w+)\b[^]*$/, '$1.')
    .replace(/^(Syntax Error: Unexpected character)[^]*$/, '$1.')
    .replace(
      /^(Syntax Error: Invalid (?:Unicode escape sequence|character escape sequence|number|character))[^]*$/,
      '$1.',
    )
}
