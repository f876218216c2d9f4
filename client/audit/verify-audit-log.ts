import { KeyServerError } from '../../schema/wire/errors.ts'
import { VaultError } from '../errors.ts'
import type { Session } from '../trust/session.ts'
import { hashAuditEntry, isSealed, type AuditEntry, type SealedAuditEntry } from './audit-entry.ts'
import { parseAuditHead, readAuditHead, type AuditHead } from './audit-head.ts'
import { readListedAccount } from '../trust/listed-account.ts'
import { readAuditLog } from './audit-log.ts'
import { contradictionOf, type KnownHead } from './known-head.ts'
import {
  mayBePruned,
  parseRecentEntries,
  prunedTooEarly,
  RecentEntries,
  type RecentEntry,
} from './recent-entries.ts'

/** A fault of an audit log. docs/audit-log.md explains each code. */
export interface AuditProblem {
  readonly code:
    | 'HEAD_INVALID'
    | 'ENTRY_MISSING'
    | 'ENTRY_MISPLACED'
    | 'ENTRY_ALTERED'
    | 'ENTRY_FOREIGN'
    | 'HEAD_MISMATCH'
    | 'TRUNCATED'
    | 'FORKED'
    | 'HEAD_PRUNED'
    | 'PRUNED_EARLY'
  /** The number of the entry that it is about; null when it is about none. */
  readonly sequence: number | null
}

/** The settings of {@link verifyAuditLog}. */
export interface VerifyAuditLogOptions {
  /**
   * An {@link AuditHead} that was kept, as JSON, parsed, with the `recentEntries` of its report where they were kept
   * too; or its statement alone.
   */
  readonly head?: unknown
  /** Told after each entry how many were checked. */
  readonly onProgress?: ((entryCount: number) => void) | undefined
}

/** The result of {@link verifyAuditLog}. */
export interface AuditReport {
  /** The chain holds, and contradicts no head that was seen before. */
  readonly holds: boolean
  /** The signed head that the log was compared with; null when it is not one. */
  readonly head: AuditHead | null
  /** How many sealed entries were checked. */
  readonly entryCount: number
  /** The number of the oldest of them; null when there was none. */
  readonly oldestSequence: number | null
  /** To keep with the head: by them the next verification knows that entries were removed before their retention had ended. */
  readonly recentEntries: readonly RecentEntry[]
  /** At most 100, newest first. Empty when the chain holds. */
  readonly problems: readonly AuditProblem[]
}

const problemsMax = 100

/**
 * Reads the whole audit log and computes its chain anew: each entry's hash from what it says and the hash before it, from the
 * signed head to the first entry, or to the last one that was removed when its retention ended. It compares the chain with
 * the newest head that this device has seen, and with one that was kept elsewhere. The newer head is then remembered.
 *
 * @throws {VaultError} AUDIT_HEAD_INVALID when the head that was kept is not of this account.
 */
export async function verifyAuditLog(
  session: Session,
  { head: kept, onProgress = () => undefined }: VerifyAuditLogOptions = {},
): Promise<AuditReport> {
  const known = await knownHeads(session, kept)
  const head = await readHeadOrNull(session)
  if (head === null) {
    const problems = [{ code: 'HEAD_INVALID', sequence: null }] as const
    return { holds: false, head, entryCount: 0, oldestSequence: null, recentEntries: [], problems }
  }
  const nowMs = session.clock.nowSeconds() * 1000
  const recent = new RecentEntries(nowMs)
  const chain = new ChainChecker([head.sequence, ...known.map(({ sequence }) => sequence)])
  const isPrunedMeanwhile = await readInto(chain, {
    session,
    onProgress: (entry) => {
      recent.add(entry)
      onProgress(chain.summary.entryCount)
    },
  })
  // Entries may have been removed since the head was read, when their retention ended: a newer head says so.
  const end = isPrunedMeanwhile || !chain.reaches(head) ? ((await readHeadOrNull(session)) ?? head) : head
  await chain.end(end)
  // Afterwards, so that a key which was added meanwhile is in it.
  const { managementKeys, createdAt } = await readListedAccount(session.keyServer)
  const early = prunedTooEarly(
    [...(await knownEntries(session, kept)), { sequence: 1, occurredAt: createdAt }],
    {
      prunedSequence: end.prunedSequence,
      nowMs,
    },
  )
  const problems = [
    ...chain.problems,
    ...chain.foreignEntries(new Set(managementKeys.map(({ id }) => id))),
    // The opening of the account is an entry.
    ...(head.sequence === 0 ? [{ code: 'ENTRY_MISSING', sequence: 1 } as const] : []),
    ...(chain.hashAt(head.sequence, end) === head.hash
      ? []
      : [{ code: 'HEAD_MISMATCH', sequence: head.sequence } as const]),
    ...(early === null ? [] : [{ code: 'PRUNED_EARLY', sequence: early } as const]),
    ...known.flatMap((one) => {
      const code = contradictionOf(one, {
        head,
        prunedSequence: end.prunedSequence,
        hash: chain.hashAt(one.sequence, end),
      })
      return code === null ? [] : [{ code, sequence: one.sequence }]
    }),
  ]
  const holds = problems.length === 0
  const { list: recentEntries } = recent
  if (holds)
    await session.trust.recordAuditHead({ ...seenHead(head), recentEntries: toSeconds(recentEntries) })
  return { ...chain.summary, holds, head, recentEntries, problems: problems.slice(0, problemsMax) }
}

/**
 * Reads the signed head, and compares it with the newest one that this device has seen.
 *
 * @throws {VaultError} AUDIT_HEAD_INVALID; ROLLBACK.
 */
export async function readNewestAuditHead(session: Session): Promise<AuditHead> {
  const head = await readAuditHead(session)
  const seen = await session.trust.seenAuditHead()
  const isBack = seen !== null && head.sequence < seen.sequence
  const isOther = seen !== null && head.sequence === seen.sequence && head.hash !== seen.hash
  if (isBack || isOther) throw new VaultError('ROLLBACK', { detail: 'Its audit log was further before.' })
  await session.trust.recordAuditHead(seenHead(head))
  return head
}

function seenHead({ sequence, hash, signedAt }: AuditHead) {
  return { sequence, hash, signedAt: Math.floor(signedAt.getTime() / 1000) }
}

function toSeconds(entries: readonly RecentEntry[]) {
  return entries.map(({ sequence, occurredAt }) => ({
    sequence,
    occurredAt: Math.floor(occurredAt.getTime() / 1000),
  }))
}

/** Entries that this device has seen, and those that were kept with a head. */
async function knownEntries(session: Session, kept: unknown): Promise<RecentEntry[]> {
  const seen = (await session.trust.seenAuditHead())?.recentEntries ?? []
  const keptEntries =
    typeof kept === 'object' && kept !== null && 'recentEntries' in kept
      ? parseRecentEntries(kept.recentEntries)
      : []
  return [
    ...seen.map(({ sequence, occurredAt }) => ({ sequence, occurredAt: new Date(occurredAt * 1000) })),
    ...keptEntries,
  ]
}

async function knownHeads(session: Session, kept: unknown): Promise<KnownHead[]> {
  const seen = await session.trust.seenAuditHead()
  const known: KnownHead[] = []
  if (seen !== null) {
    const { sequence, hash, signedAt } = seen
    const isOld = mayBePruned(new Date(signedAt * 1000), session.clock.nowSeconds() * 1000)
    known.push({ sequence, hash, mayBePruned: isOld })
  }
  if (kept !== undefined) {
    const { sequence, hash } = await parseAuditHead(kept, session)
    known.push({ sequence, hash, mayBePruned: false })
  }
  return known
}

async function readHeadOrNull(session: Session): Promise<AuditHead | null> {
  try {
    return await readAuditHead(session)
  } catch (error) {
    if (error instanceof VaultError && error.code === 'AUDIT_HEAD_INVALID') return null
    throw error
  }
}

/** @returns whether entries were removed while they were read, so that a cursor expired */
async function readInto(
  chain: ChainChecker,
  { session, onProgress }: { readonly session: Session; readonly onProgress: (entry: AuditEntry) => void },
): Promise<boolean> {
  try {
    for await (const entry of readAuditLog(session)) {
      await chain.add(entry)
      onProgress(entry)
    }
    return false
  } catch (error) {
    if (error instanceof KeyServerError && error.code === 'CURSOR_EXPIRED') return true
    throw error
  }
}

/** Where a chain ends at its old end: the last entry that was removed, or 0 and zeros. */
type PrunedEnd = Pick<AuditHead, 'prunedSequence' | 'prunedHash'>

/** Checks entries that come newest first. An entry waits for the one before it, whose hash it contains. */
class ChainChecker {
  readonly problems: AuditProblem[] = []
  readonly #hashes = new Map<number, string>()
  readonly #wanted: ReadonlySet<number>
  /** The newest entry of each management key. */
  readonly #signers = new Map<string, number>()
  #waiting: SealedAuditEntry | null = null
  #entryCount = 0

  /** @param wanted the numbers of entries whose hashes are asked for afterwards */
  constructor(wanted: readonly number[]) {
    this.#wanted = new Set(wanted)
  }

  get summary(): Pick<AuditReport, 'entryCount' | 'oldestSequence'> {
    return { entryCount: this.#entryCount, oldestSequence: this.#waiting?.sequence ?? null }
  }

  async add(entry: AuditEntry): Promise<void> {
    if (!isSealed(entry)) {
      // Only the newest ones can be waiting to be sealed.
      if (this.#waiting !== null) this.#report('ENTRY_MISPLACED', null)
      return
    }
    this.#entryCount += 1
    if (!this.#signers.has(entry.managementKeyId)) this.#signers.set(entry.managementKeyId, entry.sequence)
    if (this.#wanted.has(entry.sequence)) this.#hashes.set(entry.sequence, entry.hash)
    await this.#link(entry)
    this.#waiting = entry
  }

  /** Whether the oldest entry follows the last one that was removed. */
  reaches({ prunedSequence, sequence }: AuditHead): boolean {
    return (this.#waiting?.sequence ?? sequence + 1) === prunedSequence + 1
  }

  /** Checks the oldest entry. */
  async end({ prunedSequence, prunedHash }: PrunedEnd): Promise<void> {
    await this.#link({ sequence: prunedSequence, hash: prunedHash })
  }

  /** The hash of the entry with this number, which was `wanted`. Undefined when it is not there. */
  hashAt(sequence: number, { prunedSequence, prunedHash }: PrunedEnd): string | undefined {
    return this.#hashes.get(sequence) ?? (sequence === prunedSequence ? prunedHash : undefined)
  }

  /** Those that none of these management keys signed: they are another account's. One for each signer. */
  foreignEntries(managementKeyIds: ReadonlySet<string>): AuditProblem[] {
    return [...this.#signers]
      .filter(([signer]) => !managementKeyIds.has(signer))
      .map(([, sequence]) => ({ code: 'ENTRY_FOREIGN', sequence }))
  }

  /** Checks the entry that waits, now that the one before it is there. */
  async #link(before: Pick<SealedAuditEntry, 'sequence' | 'hash'>): Promise<void> {
    const entry = this.#waiting
    if (entry === null) return
    if (before.sequence >= entry.sequence) {
      this.#report('ENTRY_MISPLACED', entry.sequence)
    } else if (before.sequence < entry.sequence - 1) {
      this.#report('ENTRY_MISSING', entry.sequence - 1)
    } else if ((await hashAuditEntry(entry, before.hash)) !== entry.hash) {
      this.#report('ENTRY_ALTERED', entry.sequence)
    }
  }

  #report(code: AuditProblem['code'], sequence: number | null): void {
    if (this.problems.length < problemsMax) this.problems.push({ code, sequence })
  }
}
