import { bigint, pgEnum, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { acquisitionPurposes, auditActions } from '../wire/enums.ts'
import { accountIdColumn, instant } from './columns.ts'

export const auditAction = pgEnum('audit_action', auditActions)
export const acquisitionPurpose = pgEnum('acquisition_purpose', acquisitionPurposes)

/** What an entry of the audit log tells. */
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
