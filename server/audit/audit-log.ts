import { and, desc, eq, gte, inArray, isNotNull, isNull, lt, sql } from 'drizzle-orm'
import { z } from 'zod'
import { auditCursorOf } from '../../schema/graphql/audit.ts'
import type { AuditFilter, AuditPageArguments, AuditPort } from '../../schema/graphql/context.ts'
import type { Account, AuditEntry, AuditHead, Page } from '../../schema/graphql/domain.ts'
import { auditChains, auditEntries } from '../../schema/tables/index.ts'
import { parseTransactionKeyId } from '../../schema/wire/brands.ts'
import type { CursorPosition } from '../../schema/wire/cursor.ts'
import { KeyServerError } from '../../schema/wire/errors.ts'
import type { Databases } from '../database/connect.ts'
import { askedPosition } from '../events/asked-position.ts'
import { instant, isManagementKeyId, parseInput } from '../lib/input.ts'
import { parsePageSize } from '../lib/page-size.ts'
import type { AuditHeadSigner } from './head-signer.ts'
import { sealAuditLog } from './seal.ts'

/** Reads audit logs. An account's entries are sealed before they are read, so that what is shown has its final order. */
export class AuditLog implements AuditPort {
  readonly #databases: Databases
  readonly #signer: AuditHeadSigner

  constructor(databases: Databases, { signer }: { readonly signer: AuditHeadSigner }) {
    this.#databases = databases
    this.#signer = signer
  }

  async page({ id }: Account, { first, after, filter }: AuditPageArguments): Promise<Page<AuditEntry>> {
    const size = parsePageSize(first, 'first')
    const asked = askedPosition(after, { kind: 'audit', field: 'after' })
    const matches = conditionsOf(filter ?? {})
    await sealAuditLog(this.#databases, id)
    const rows = await this.#databases.reads.db
      .select()
      .from(auditEntries)
      .where(
        and(
          eq(auditEntries.accountId, id),
          asked === null ? undefined : lt(auditEntries.sequence, asked.position),
          ...matches,
        ),
      )
      .orderBy(desc(auditEntries.sequence))
      .limit(size + 1)
    // Afterwards, so that none is removed between.
    if (asked !== null) await this.#assertKept(id, asked)
    return {
      edges: rows
        .slice(0, size)
        .map(toAuditEntry)
        .map((node) => ({ cursor: auditCursorOf(node), node })),
      hasNextPage: rows.length > size,
      hasPreviousPage: asked !== null,
    }
  }

  async head({ id, name }: Account): Promise<AuditHead> {
    await sealAuditLog(this.#databases, id)
    const [chain] = await this.#databases.reads.db
      .select()
      .from(auditChains)
      .where(eq(auditChains.accountId, id))
    const facts = {
      sequence: chain?.sequence ?? 0,
      hash: toHex(chain?.hash),
      prunedSequence: chain?.prunedSequence ?? 0,
      prunedHash: toHex(chain?.prunedHash),
    }
    return {
      ...facts,
      sealedAt: chain?.sealedAt ?? null,
      statement: () => this.#signer.sign({ ...facts, owner: name }),
    }
  }

  /**
   * Asserts that the entry of a cursor is there. An older one may have been removed with it, and after the database was set
   * back another entry may have its number.
   *
   * @throws {KeyServerError} CURSOR_EXPIRED
   */
  async #assertKept(accountId: string, { position, atMs }: CursorPosition): Promise<void> {
    const [entry] = await this.#databases.reads.db
      .select({ occurredAt: auditEntries.occurredAt })
      .from(auditEntries)
      .where(and(eq(auditEntries.accountId, accountId), eq(auditEntries.sequence, position)))
    if (entry?.occurredAt.getTime() !== atMs) {
      throw new KeyServerError('CURSOR_EXPIRED', "This cursor's entry of the audit log is no longer kept.")
    }
  }
}

const times = z.object({ since: instant.nullish(), until: instant.nullish() })

/** @throws {KeyServerError} BAD_USER_INPUT */
function conditionsOf({ actions, transactionKeyId, managementKeyId, granted, ...range }: AuditFilter) {
  const { since, until } = parseInput(times, range, 'filter')
  const { action, code, occurredAt } = auditEntries
  return [
    actions ? inArray(action, [...actions]) : undefined,
    transactionKeyId ? isOfTransactionKey(transactionKeyId) : undefined,
    managementKeyId ? isOfManagementKey(managementKeyId) : undefined,
    typeof granted === 'boolean' ? (granted ? isNull(code) : isNotNull(code)) : undefined,
    since ? gte(occurredAt, since) : undefined,
    until ? lt(occurredAt, until) : undefined,
  ]
}

/** A malformed id is the id of no key. */
function isOfTransactionKey(id: string) {
  const parsed = parseTransactionKeyId(id)
  return parsed === null ? sql`false` : eq(auditEntries.transactionKeyId, parsed)
}

function isOfManagementKey(id: string) {
  return isManagementKeyId(id) ? eq(auditEntries.managementKeyId, id) : sql`false`
}

function toAuditEntry({ hash, ...row }: typeof auditEntries.$inferSelect): AuditEntry {
  return { ...row, hash: toHex(hash) }
}

/** Zeros for no hash. */
function toHex(hash: Uint8Array = new Uint8Array(32)): string {
  return Buffer.from(hash).toString('hex')
}
