import { sql } from 'drizzle-orm'
import { bigint, index, pgEnum, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { acquisitionPurposes, auditActions } from '../wire/enums.ts'
import { accountIdColumn, bytes, instant } from './columns.ts'

export const auditAction = pgEnum('audit_action', auditActions)
export const acquisitionPurpose = pgEnum('acquisition_purpose', acquisitionPurposes)

/** The hash before the first entry. */
const noHash = sql`decode(repeat('00', 32), 'hex')`

/** The content of an entry of the audit log. */
function entryColumns() {
  return {
    occurredAt: instant('occurred_at').notNull(),
    action: auditAction('action').notNull(),
    /** The error's code where the action was refused; null where it was granted. */
    code: text('code'),
    /** Null for every action but KEY_ACQUIRED. */
    purpose: acquisitionPurpose('purpose'),
    /** The key that signed the request. */
    managementKeyId: text('management_key_id').notNull(),
    /** As it was asked for: the account may have no such key. Null when the action is about none, or the id was malformed. */
    transactionKeyId: uuid('transaction_key_id'),
    /** The management key that was added or revoked. */
    affectedManagementKeyId: text('affected_management_key_id'),
    /** The client's; null where addresses are not recorded. */
    address: text('address'),
  }
}

/**
 * Entries of the audit log that are not sealed yet. They are written in the transaction of what they tell of, so the table is
 * made for cheap insertions: one index, no check of another table, and few rows, because entries are moved from it within a
 * second.
 */
export const auditPending = pgTable(
  'audit_pending',
  {
    accountId: accountIdColumn(),
    /** The order in which an account's entries are sealed. Not shown: it counts the entries of all accounts. */
    position: bigint('position', { mode: 'number' }).generatedAlwaysAsIdentity(),
    id: uuid('id').notNull().defaultRandom(),
    ...entryColumns(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.position] })],
)

/** Sealed entries of the audit log. Moved here by the database function `seal_audit_entries`. */
export const auditEntries = pgTable(
  'audit_entries',
  {
    accountId: accountIdColumn(),
    /** Counts from 1 for each account, without gaps. */
    sequence: bigint('sequence', { mode: 'number' }).notNull(),
    id: uuid('id').notNull(),
    ...entryColumns(),
    /** SHA-256 of the entry and of the hash before it (docs/audit-log.md). */
    hash: bytes('hash').notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.sequence] })],
)

/** Both ends of an account's chain of entries. Sealing and pruning hold the row's lock. Made when the first entry is sealed. */
export const auditChains = pgTable(
  'audit_chains',
  {
    accountId: accountIdColumn().primaryKey(),
    /** The newest entry's; 0 when there was none. */
    sequence: bigint('sequence', { mode: 'number' }).notNull().default(0),
    /** The newest entry's; zeros when there was none. */
    hash: bytes('hash').notNull().default(noHash),
    sealedAt: instant('sealed_at'),
    /** The entries up to this one were removed when their retention ended. */
    prunedSequence: bigint('pruned_sequence', { mode: 'number' }).notNull().default(0),
    /** The hash of the entry at `pruned_sequence`; zeros before the first. */
    prunedHash: bytes('pruned_hash').notNull().default(noHash),
    /** When the oldest entry that is kept occurred, or was sealed. Null when there is none. */
    oldestAt: instant('oldest_at'),
  },
  (table) => [index('audit_chains_oldest').on(table.oldestAt)],
)
