import { transactionKeyStates, type TransactionKeyState } from '../../schema/wire/enums.ts'
import { VaultError } from '../errors.ts'
import type { ResponseReader } from '../transport/response-reader.ts'
import type { VerificationStatus } from './result.ts'

/** The key server's answer to a verification, not signed. */
export interface UnsignedAnswer {
  /** The key is one that this owner stored for this application server. */
  readonly coincides: boolean
  /** It coincides, and is ACTIVE at `checkedAt`. */
  readonly valid: boolean
  readonly state: TransactionKeyState | null
  readonly notBefore: Date | null
  readonly expiresAt: Date | null
  /** By the key server's clock. */
  readonly checkedAt: Date
}

/** The GraphQL fields that {@link parseUnsignedAnswer} reads. */
export const unsignedAnswerFields = 'coincides valid state notBefore expiresAt checkedAt'

/** @throws {VaultError} ANSWER_MALFORMED. */
export function parseUnsignedAnswer(answer: ResponseReader): UnsignedAnswer {
  return {
    coincides: answer.boolean('coincides'),
    valid: answer.boolean('valid'),
    state: answer.oneOfOrNull('state', transactionKeyStates),
    notBefore: answer.instantOrNull('notBefore'),
    expiresAt: answer.instantOrNull('expiresAt'),
    checkedAt: answer.instant('checkedAt'),
  }
}

/**
 * The status of an answer, signed or not.
 *
 * @throws {VaultError} ANSWER_MALFORMED when its members contradict each other.
 */
export function statusOf({
  coincides,
  valid,
  state,
}: Pick<UnsignedAnswer, 'coincides' | 'valid' | 'state'>): Exclude<
  VerificationStatus,
  'uncertified' | 'unproved' | 'unavailable'
> {
  const status = state === null ? 'unknown-key' : statuses[state]
  if (coincides !== (state !== null) || valid !== (status === 'valid')) {
    throw new VaultError('ANSWER_MALFORMED', { detail: 'Its members contradict each other.' })
  }
  return status
}

const statuses = { ACTIVE: 'valid', PENDING: 'pending', EXPIRED: 'expired', REVOKED: 'revoked' } as const
