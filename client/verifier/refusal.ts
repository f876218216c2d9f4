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
  'KEY_UNPROVED',
  'UNAVAILABLE',
  'TOO_LARGE',
  'BODY_TIMEOUT',
  'INTERNAL_SERVER_ERROR',
] as const

export type RefusalCode = (typeof refusalCodes)[number]

/** Why a request is refused. */
export interface Refusal {
  readonly code: RefusalCode
  /** For people: the rule that the request breaks, never received bytes. */
  readonly message: string
  /** With SIGNATURE_EXPIRED: this server's clock. */
  readonly serverTime?: Date
}

/** A refusal as an HTTP response. */
export interface RefusalResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** `{"error": {"code", "message", "serverTime"?}}`. */
  readonly body: string
}

/** Creates a refusal. Default of `message`: the one of the code. */
export function refuse(
  code: RefusalCode,
  { message = messages[code], serverTime }: { message?: string; serverTime?: Date } = {},
): Refusal {
  return { code, message, ...(serverTime && { serverTime }) }
}

/** The refusal for a status. Only the holder of the key sees it, because the signature is checked before. */
export function refusalOfStatus(status: Exclude<VerificationStatus, 'valid'>): Refusal {
  return refuse(codesOfStatuses[status])
}

export function responseOf({ code, message, serverTime }: Refusal): RefusalResponse {
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

const codesOfStatuses = {
  'unknown-key': 'KEY_UNKNOWN',
  expired: 'KEY_EXPIRED',
  revoked: 'KEY_REVOKED',
  pending: 'KEY_PENDING',
  uncertified: 'KEY_UNCERTIFIED',
  unproved: 'KEY_UNPROVED',
  unavailable: 'UNAVAILABLE',
} as const

/** HTTP statuses; all other codes are 401. */
const statuses: ReadonlyMap<RefusalCode, number> = new Map([
  ['UNAVAILABLE', 503],
  ['TOO_LARGE', 413],
  ['BODY_TIMEOUT', 408],
  ['INTERNAL_SERVER_ERROR', 500],
])

const messages: Readonly<Record<RefusalCode, string>> = {
  SIGNATURE_REQUIRED: 'This request must be signed by a transaction key.',
  SIGNATURE_MALFORMED: 'The signature does not have the form of the profile claviger-app.',
  SIGNATURE_EXPIRED: 'The signature is outside its time window.',
  SIGNATURE_INVALID: 'The signature is not by this key, or is of another request.',
  SIGNATURE_REPLAYED: 'The nonce of this signature was used before.',
  KEY_UNKNOWN: "The key is not one of this owner's for this application server.",
  KEY_EXPIRED: 'The term of the key has ended.',
  KEY_REVOKED: 'The key was revoked.',
  KEY_PENDING: 'The term of the key has not begun.',
  KEY_UNCERTIFIED: 'The key is not certified by a pinned management key of the owner.',
  KEY_UNPROVED: 'Nothing proves that whoever stored the key holds its private half.',
  UNAVAILABLE: 'The key cannot be verified at present.',
  TOO_LARGE: 'The body is too large.',
  BODY_TIMEOUT: 'The body did not arrive in time.',
  INTERNAL_SERVER_ERROR: 'The request could not be checked.',
}
