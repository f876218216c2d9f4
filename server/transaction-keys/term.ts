import type { Term } from '../../schema/graphql/domain.ts'
import { badInput } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'

/** When an alert about the end of a term is due; `noticeSeconds` 0 is the end itself. */
export interface Deadline {
  readonly noticeSeconds: number
  readonly dueAt: Date
  readonly expiresAt: Date
  /** When the alert was raised, or skipped; null while it is still to be raised. */
  readonly takenAt: Date | null
}

/** @throws {KeyServerError} BAD_USER_INPUT when the term ends before it begins */
export function assertTerm({ notBefore, expiresAt }: Term): void {
  if (notBefore !== null && expiresAt !== null && expiresAt <= notBefore) {
    throw badInput('input.expiresAt', 'A term must end after it begins.')
  }
}

/** The notices of a key that is stored without any: the default ones that still lie ahead. */
export function defaultNotices(expiresAt: Date | null, now: Date): number[] {
  if (expiresAt === null) return []
  return limits.expiryNoticesDefault.filter((seconds) => noticeDueAt(expiresAt, seconds) > now)
}

/**
 * The deadlines of notices. One whose time has passed, or that is longer than the term, does not fire: it is stored as
 * taken, and is armed only if the clock was wrong and it lies ahead after all.
 */
export function noticeDeadlines(expiresAt: Date | null, notices: readonly number[], now: Date): Deadline[] {
  if (expiresAt === null) return []
  return notices.map((noticeSeconds) => {
    const dueAt = noticeDueAt(expiresAt, noticeSeconds)
    return { noticeSeconds, dueAt, expiresAt, takenAt: dueAt > now ? null : now }
  })
}

/** The deadline at the end of a term. One in the past is due at once. */
export function expiryDeadline(expiresAt: Date | null): Deadline[] {
  return expiresAt === null ? [] : [{ noticeSeconds: 0, dueAt: expiresAt, expiresAt, takenAt: null }]
}

function noticeDueAt(expiresAt: Date, noticeSeconds: number): Date {
  return new Date(expiresAt.getTime() - noticeSeconds * 1000)
}
