import { elapsedMs, type ClockReading, type VerifierClocks } from './clock-reading.ts'

/** `valid`, or why a key is not valid. */
export type VerificationStatus =
  'valid' | 'unknown-key' | 'expired' | 'revoked' | 'pending' | 'uncertified' | 'unproved' | 'unavailable'

/** The result of a verification. */
export interface VerificationResult {
  /** Decide by this member. */
  readonly valid: boolean
  /**
   * `unknown-key`: the owner or the application server is unknown, or has another key; the key server does not tell which.
   * `uncertified`: valid according to the key server, but not certified by a pinned management key of the owner.
   * `unproved`: valid according to the key server, but without the proof that `requirePossession` asks for.
   * `unavailable`: the key server could not be reached, and no cached result may be used.
   */
  readonly status: VerificationStatus
  /** RFC 7638 thumbprint of the presented key. */
  readonly thumbprint: string
  readonly notBefore: Date | null
  readonly expiresAt: Date | null
  /** By the key server's clock; null when it did not answer. */
  readonly checkedAt: Date | null
  /**
   * With `certificates`, the certification path of a valid key: the id of the management key that certified it, that of its
   * endorser, and so on to a pinned one or, when none is pinned, to the last known one. Null: no certificate was verified.
   */
  readonly certifiedBy: readonly string[] | null
  /** `stale`: the last result, while the key server cannot be reached. `none`: it was not asked, or did not answer. */
  readonly source: 'key-server' | 'cache' | 'stale' | 'none'
}

/** A checked answer of the key server, and how long it may be used. */
export interface CheckedResult {
  readonly status: Exclude<VerificationStatus, 'unavailable'>
  readonly notBefore: Date | null
  readonly expiresAt: Date | null
  readonly checkedAt: Date
  /** Seconds after `requestedAt` at which the term begins or ends, so that the answer no longer holds; Infinity: never. */
  readonly changesInSeconds: number
  /** When the request was sent: the answer is not older. */
  readonly requestedAt: ClockReading
  /** As in {@link VerificationResult}. */
  readonly certifiedBy: readonly string[] | null
  /** Lifetime of a signed answer in seconds from `requestedAt`; null when the answer is not signed. */
  readonly lifetimeSeconds: number | null
}

/** Seconds from `checkedAt` until the term begins or ends; both are by the key server's clock. */
export function secondsUntilChange({
  status,
  notBefore,
  expiresAt,
  checkedAt,
}: Pick<CheckedResult, 'status' | 'notBefore' | 'expiresAt' | 'checkedAt'>): number {
  const changesAt = status === 'pending' ? notBefore : expiresAt
  return changesAt === null ? Infinity : (changesAt.getTime() - checkedAt.getTime()) / 1000
}

/** The status by now: the term may have ended since the request. */
export function currentStatus(result: CheckedResult, clocks: VerifierClocks): CheckedResult['status'] {
  const { status, requestedAt, changesInSeconds } = result
  const hasEnded = status === 'valid' && elapsedMs(requestedAt, clocks) >= changesInSeconds * 1000
  return hasEnded ? 'expired' : status
}
