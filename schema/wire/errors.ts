import { ClavigerError } from './claviger-error.ts'

/** Every `extensions.code` of the key server. docs/protocol.md says what a caller can do about each. */
export const errorCodes = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'CONFLICT',
  'BAD_USER_INPUT',
  'KEY_REVOKED',
  'KEY_NOT_YET_VALID',
  'KEY_OVERUSED',
  'CURSOR_EXPIRED',
  'QUOTA_EXCEEDED',
  'RATE_LIMITED',
  'TOO_LARGE',
  'RESYNC_REQUIRED',
  'UNAVAILABLE',
  'INTERNAL_SERVER_ERROR',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
] as const

/** The code of a {@link KeyServerError}. */
export type ErrorCode = (typeof errorCodes)[number]

/** Every `extensions.reason` of an UNAUTHENTICATED error. */
export const signatureRefusals = [
  'SIGNATURE_REQUIRED',
  'SIGNATURE_MALFORMED',
  'SIGNATURE_EXPIRED',
  'SIGNATURE_INVALID',
  'SIGNATURE_REPLAYED',
] as const

/** Why a signature was refused. */
export type SignatureRefusal = (typeof signatureRefusals)[number]

/** Every `extensions.quota` of a QUOTA_EXCEEDED error. */
export const quotaNames = ['transactionKeys', 'managementKeys', 'webhooks', 'storedBytes'] as const

/** The quotas that the operator can set for an account. */
export type QuotaName = (typeof quotaNames)[number]

/** The other members of an error's `extensions`, by code. */
export interface ErrorDetails {
  /** With UNAUTHENTICATED. */
  readonly reason?: SignatureRefusal
  /** With UNAUTHENTICATED and reason SIGNATURE_EXPIRED: the server's clock, RFC 3339. */
  readonly serverTime?: string
  /** With BAD_USER_INPUT: the path of the argument from the field's arguments on, e.g. `input.publicKey`. */
  readonly field?: string
  /** With QUOTA_EXCEEDED: which one. */
  readonly quota?: QuotaName
  /** With QUOTA_EXCEEDED: how much of it the account may have. */
  readonly limit?: number
  /** With RATE_LIMITED, and with UNAVAILABLE where it is known; over HTTP also as Retry-After. */
  readonly retryAfterSeconds?: number
}

/**
 * A refusal of the protocol: the server throws it, the response carries its code and details, and the client SDK throws it
 * again. Its message never contains received bytes.
 */
export class KeyServerError extends ClavigerError {
  override readonly name = 'KeyServerError'
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message)
    this.code = code
    this.details = details
  }
}

const refusalMessages: Record<SignatureRefusal, string> = {
  SIGNATURE_REQUIRED: 'This operation must be signed by a management key.',
  SIGNATURE_MALFORMED: 'The request signature does not have the form that docs/protocol.md asks for.',
  SIGNATURE_EXPIRED: 'The request signature is outside its time window.',
  SIGNATURE_INVALID: 'The request signature is not by an active management key.',
  SIGNATURE_REPLAYED: 'The nonce of this request signature was used before.',
}

/** An UNAUTHENTICATED error. `detail` may name the rule that was broken, never what was received. */
export function signatureRefused(
  reason: SignatureRefusal,
  { detail, serverTime }: { detail?: string; serverTime?: Date } = {},
): KeyServerError {
  const message = detail === undefined ? refusalMessages[reason] : `${refusalMessages[reason]} ${detail}`
  return new KeyServerError('UNAUTHENTICATED', message, {
    reason,
    ...(serverTime && { serverTime: serverTime.toISOString() }),
  })
}

/** A BAD_USER_INPUT error at `field`. */
export function badInput(field: string, message: string): KeyServerError {
  return new KeyServerError('BAD_USER_INPUT', message, { field })
}

/** A NOT_FOUND error, for objects that do not exist and for those of other accounts. */
export function notFound(what: string): KeyServerError {
  return new KeyServerError('NOT_FOUND', `There is no such ${what}.`)
}
