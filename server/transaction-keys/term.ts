import type { Term } from '../../schema/graphql/domain.ts'
import { badInput } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'

/** When an alert about the end of a term is due; `noticeSeconds` 0 is the end itself. */
export interface Deadline {
  readonly noticeSeconds: number
  readonly dueAt: Date
  readonly expiresAt: Date
  /** Null for one that is to be alerted. */
  readonly takenAt: Date | null
}

/** @throws {KeyServerError} BAD_USER_INPUT when the term ends before it begins */
export function assertTerm({ notBefore, expiresAt }: Term): void {
  if (notBefore !== null && expiresAt !== null && expiresAt <= notBefore) {
    throw badInput('input.expiresAt', 'A term ends after its beginning.')
  }
}

/** The notices of a key for which none were asked: the default ones that still lie ahead. */
export function defaultNotices(expiresAt: Date | null, now: Date): number[] {
  if (expiresAt === null) return []
  return limits.expiryNoticesDefault.filter((seconds) => noticeDueAt(expiresAt, seconds) > now)
}

/**
 * The deadlines of notices. One whose moment has passed, or that is longer than the term, never fires: it begins as taken,
 * and is armed only if the clock was wrong and it lies ahead after all.
 */
export function noticeDeadlines(expiresAt: Date | null, notices: readonly number[], now: Date): Deadline[] {
  if (expiresAt === null) return []
  return notices.map((noticeSeconds) => {
    const dueAt = noticeDueAt(expiresAt, noticeSeconds)
    return { noticeSeconds, dueAt, expiresAt, takenAt: dueAt > now ? null : now }
  })
}

/** The end of a term. One that lies in the past is due at once. */
export function expiryDeadline(expiresAt: Date | null): Deadline[] {
  return expiresAt === null ? [] : [{ noticeSeconds: 0, dueAt: expiresAt, expiresAt, takenAt: null }]
}

function noticeDueAt(expiresAt: Date, noticeSeconds: number): Date {
  return new Date(expiresAt.getTime() - noticeSeconds * 1000)
}
