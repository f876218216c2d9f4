import { VaultError } from '../errors.ts'
import type { PublicKeyVerification } from './verify-public-key.ts'
import { elapsedMs, type ClockReading, type VerifierClocks } from './clock-reading.ts'

/** How a key stands: `valid`, or why not. */
export type VerificationStatus =
  'valid' | 'unknown-key' | 'expired' | 'revoked' | 'pending' | 'uncertified' | 'unavailable'

/** What a verifier says of a key. */
export interface VerificationResult {
  /** The one member to decide by. */
  readonly valid: boolean
  /**
   * `unknown-key`: unknown owner, unknown application server and another key alike. `uncertified`: the key server says that it
   * is valid, and no pinned management key of the owner's does. `unavailable`: nobody could be asked, and nothing that is
   * known may be used.
   */
  readonly status: VerificationStatus
  /** RFC 7638 thumbprint of the key that was presented. */
  readonly thumbprint: string
  readonly notBefore: Date | null
  readonly expiresAt: Date | null
  /** By the key server's clock; null when it was not asked. */
  readonly checkedAt: Date | null
  /**
   * With `certificates`, the ids of the owner's management keys that stand behind a valid key: who certified it, who endorsed
   * this one, and so on to one that is pinned or, when none is, to the last that is known. Null: nothing was certified.
   */
  readonly certifiedBy: readonly string[] | null
  /** `stale`: the key server is out of reach, and this is what it said last. `none`: it was not asked, or did not answer. */
  readonly source: 'key-server' | 'cache' | 'stale' | 'none'
}

/** What the key server said of a key, and for how long it may be believed. */
export interface CheckedResult {
  readonly status: Exclude<VerificationStatus, 'unavailable'>
  readonly notBefore: Date | null
  readonly expiresAt: Date | null
  readonly checkedAt: Date
  /** Seconds after `askedAt` at which it changes by itself, because a term begins or ends: it says nothing beyond. */
  readonly changesInSeconds: number
  /** When the question was on its way: the answer is no older. */
  readonly askedAt: ClockReading
  /** As of {@link VerificationResult}. */
  readonly certifiedBy: readonly string[] | null
  /** The answer's own lifetime in seconds from `askedAt`, when it is signed; null when it has none. */
  readonly lifetimeSeconds: number | null
}

/** Seconds from `checkedAt` on until the answer changes by itself: the term begins or ends. Both are by one clock. */
export function secondsUntilChange({
  status: status,
  notBefore,
  expiresAt,
  checkedAt,
}: Pick<CheckedResult, 'status' | 'notBefore' | 'expiresAt' | 'checkedAt'>): number {
  const changesAt = status === 'pending' ? notBefore : expiresAt
  return changesAt === null ? Infinity : (changesAt.getTime() - checkedAt.getTime()) / 1000
}

/** What an answer comes to now: a term may have ended while it was under way. */
export function currentStatus(standing: CheckedResult, clocks: VerifierClocks): CheckedResult['status'] {
  const { status: status, askedAt, changesInSeconds } = standing
  const hasEnded = status === 'valid' && elapsedMs(askedAt, clocks) >= changesInSeconds * 1000
  return hasEnded ? 'expired' : status
}

/**
 * The status that an answer comes to.
 *
 * @throws {VaultError} ANSWER_MALFORMED when its members contradict each other.
 */
export function statusOf({
  coincides,
  valid,
  state,
}: Pick<PublicKeyVerification, 'coincides' | 'valid' | 'state'>): Exclude<
  CheckedResult['status'],
  'uncertified'
> {
  const status = state === null ? 'unknown-key' : statuses[state]
  if (coincides !== (state !== null) || valid !== (status === 'valid')) {
    throw new VaultError('ANSWER_MALFORMED', { detail: 'Its members contradict each other.' })
  }
  return status
}

const statuses = { ACTIVE: 'valid', PENDING: 'pending', EXPIRED: 'expired', REVOKED: 'revoked' } as const
