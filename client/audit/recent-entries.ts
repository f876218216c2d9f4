import { VaultError } from '../errors.ts'
import type { AuditEntry } from './audit-entry.ts'

/** The number and the time of an entry that was seen. */
export interface RecentEntry {
  readonly sequence: number
  readonly occurredAt: Date
}

const dayMs = 86_400_000
/** No key server removes entries that are younger than 7 days (AUDIT_RETENTION_DAYS). */
const retentionDaysMin = 7

/** Whether something so old may have been removed because its retention has ended. */
export function mayBePruned(at: Date, nowMs: number): boolean {
  return nowMs - at.getTime() > retentionDaysMin * dayMs
}

/**
 * The entries of a log by which a later reader knows that others were removed too early: the newest one, and the first
 * one of each of the last seven days.
 */
export class RecentEntries {
  readonly #nowMs: number
  readonly #ofDays = new Map<number, RecentEntry>()
  #newest: RecentEntry | null = null

  constructor(nowMs: number) {
    this.#nowMs = nowMs
  }

  /** Entries come newest first. */
  add({ sequence, occurredAt }: AuditEntry): void {
    if (sequence === null || mayBePruned(occurredAt, this.#nowMs)) return
    this.#newest ??= { sequence, occurredAt }
    this.#ofDays.set(Math.floor((this.#nowMs - occurredAt.getTime()) / dayMs), { sequence, occurredAt })
  }

  get list(): readonly RecentEntry[] {
    return this.#newest === null ? [] : [this.#newest, ...this.#ofDays.values()]
  }
}

/** The number of the oldest entry that was removed although its retention cannot have ended; null when there is none. */
export function prunedTooEarly(
  known: readonly RecentEntry[],
  { prunedSequence, nowMs }: { readonly prunedSequence: number; readonly nowMs: number },
): number | null {
  const early = known.filter(
    ({ sequence, occurredAt }) => sequence <= prunedSequence && !mayBePruned(occurredAt, nowMs),
  )
  return early.length === 0 ? null : Math.min(...early.map(({ sequence }) => sequence))
}

/**
 * Reads recent entries that were kept as JSON with a head.
 *
 * @throws {VaultError} AUDIT_HEAD_INVALID.
 */
export function parseRecentEntries(kept: unknown): readonly RecentEntry[] {
  if (!Array.isArray(kept)) throw invalid()
  return kept.map((entry: unknown) => {
    const members = new Map<string, unknown>(Object.entries(entry ?? {}))
    const [sequence, occurredAt] = [members.get('sequence'), new Date(String(members.get('occurredAt')))]
    if (typeof sequence !== 'number' || Number.isNaN(occurredAt.getTime())) throw invalid()
    return { sequence, occurredAt }
  })
}

function invalid(): VaultError {
  return new VaultError('AUDIT_HEAD_INVALID', { detail: 'Its recent entries are damaged.' })
}
