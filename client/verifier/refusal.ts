import { signatureRefusals } from '../../schema/wire/errors.ts'
import type { VerificationStatus } from './result.ts'

/** Every code of a refusal. A code never changes its meaning. */
export const refusalCodes = [
  ...signatureRefusals,
  'KEY_UNKNOWN',
  'KEY_EXPIRED',
  'KEY_REVOKED',
  'KEY_PENDING',
  'KEY_UNCERTIFIED',
  'UNAVAILABLE',
  'TOO_LARGE',
  'BODY_TIMEOUT',
  'INTERNAL_SERVER_ERROR',
] as const

export type RefusalCode = (typeof refusalCodes)[number]

/** Why a request is not let in. */
export interface Refusal {
  readonly code: RefusalCode
  /** What is said beside the code: the rule that was broken, never what was received. */
  readonly message: string
  /** With SIGNATURE_EXPIRED: this server's clock. */
  readonly serverTime?: Date
}

/** A refusal as an HTTP answer. */
export interface RefusalAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** `{"error": {"code", "message", "serverTime"?}}`. */
  readonly body: string
}

/** Makes a refusal. `message` replaces what is said of the code otherwise. */
export function refuse(
  code: RefusalCode,
  { message = messages[code], serverTime }: { message?: string; serverTime?: Date } = {},
): Refusal {
  return { code, message, ...(serverTime && { serverTime }) }
}

/** The refusal of a key that stands so. Only who holds the key learns it: the signature is checked before. */
export function refusalOfStatus(reason: Exclude<VerificationStatus, 'valid'>): Refusal {
  return refuse(codesOfStanding[reason])
}

export function answerOf({ code, message, serverTime }: Refusal): RefusalAnswer {
  const status = statuses.get(code) ?? 401
  const error = { code, message, ...(serverTime && { serverTime: serverTime.toISOString() }) }
  return {
    status,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      // RFC 9110 §15.5.2 asks for a challenge.
      ...(status === 401 && { 'www-authenticate': 'Signature' }),
      ...(status === 503 && { 'retry-after': '1' }),
    },
    body: JSON.stringify({ error }),
  }
}

const codesOfStanding = {
  'unknown-key': 'KEY_UNKNOWN',
  expired: 'KEY_EXPIRED',
  revoked: 'KEY_REVOKED',
  pending: 'KEY_PENDING',
  uncertified: 'KEY_UNCERTIFIED',
  unavailable: 'UNAVAILABLE',
} as const

/** All others are 401. */
const statuses: ReadonlyMap<RefusalCode, number> = new Map([
  ['UNAVAILABLE', 503],
  ['TOO_LARGE', 413],
  ['BODY_TIMEOUT', 408],
  ['INTERNAL_SERVER_ERROR', 500],
])

const messages: Readonly<Record<RefusalCode, string>> = {
  SIGNATURE_REQUIRED: 'This request must be signed by a transaction key.',
  SIGNATURE_MALFORMED: 'The signature does not have the form that the profile claviger-app asks for.',
  SIGNATURE_EXPIRED: 'The signature is outside its time window.',
  SIGNATURE_INVALID: 'The signature is not by this key, or not of this request.',
  SIGNATURE_REPLAYED: 'The nonce of this signature was used before.',
  KEY_UNKNOWN: "The key is not one of this owner's for this application server.",
  KEY_EXPIRED: 'The term of the key has ended.',
  KEY_REVOKED: 'The key was revoked.',
  KEY_PENDING: 'The term of the key has not begun.',
  KEY_UNCERTIFIED: 'No management key of the owner that is known here has certified the key.',
  UNAVAILABLE: 'The key can not be verified at present.',
  TOO_LARGE: 'The body is too large.',
  BODY_TIMEOUT: 'The body did not arrive in time.',
  INTERNAL_SERVER_ERROR: 'The request could not be checked.',
}
