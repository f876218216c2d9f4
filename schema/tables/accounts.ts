import { sql } from 'drizzle-orm'
import { bigint, boolean, foreignKey, index, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { accountIdColumn, instant } from './columns.ts'

/** A key owner. The id is made from the name (docs/adr/0006-account-id-from-name.md). */
export const accounts = pgTable('accounts', {
  id: uuid('id').primaryKey(),
  name: text('name').notNull(),
  createdAt: instant('created_at')
    .notNull()
    .default(sql`now()`),
  /** Position of the account's newest alert; 0 when it has none. Raised under the row's lock, so positions have no gaps. */
  alertPosition: bigint('alert_position', { mode: 'number' }).notNull().default(0),
  /** Alerts up to this position were removed when their retention ended; a cursor before it has expired. */
  alertLowWaterMark: bigint('alert_low_water_mark', { mode: 'number' }).notNull().default(0),
  /** When the alert at the low-water mark occurred. */
  alertLowWaterMarkAt: instant('alert_low_water_mark_at'),
  /** The operator has suspended it: its requests are refused, and its keys verify like unknown ones. */
  suspendedAt: instant('suspended_at'),
})

/**
 * The account's use of each quota, and the quotas that the operator set for this account alone. The row is made when
 * something is stored for the first time; `add_usage` counts in the transaction of each change.
 */
export const accountUsage = pgTable(
  'account_usage',
  {
    accountId: accountIdColumn().primaryKey(),
    /** Those that are not revoked. */
    transactionKeys: integer('transaction_keys').notNull(),
    /** Characters of wrapped keys, and of signed statements about transaction keys. */
    storedBytes: bigint('stored_bytes', { mode: 'number' }).notNull(),
    /** These four: null where the setting for all accounts holds. */
    transactionKeysMax: integer('transaction_keys_max'),
    managementKeysMax: integer('management_keys_max'),
    webhooksMax: integer('webhooks_max'),
    storedBytesMax: integer('stored_bytes_max'),
  },
  (table) => [foreignKey({ columns: [table.accountId], foreignColumns: [accounts.id] })],
)

/** Accounts that the operator has deleted: nothing but their ids, so that nobody gets their names. */
export const deletedAccounts = pgTable('deleted_accounts', {
  accountId: accountIdColumn().primaryKey(),
})

/** Invitations that the operator issued: each lets its holder open an account. */
export const invitations = pgTable(
  'invitations',
  {
    /** Hex SHA-256 of the invitation. */
    hash: text('hash').primaryKey(),
    createdAt: instant('created_at')
      .notNull()
      .default(sql`now()`),
    expiresAt: instant('expires_at').notNull(),
    /** The account that was opened with it; null while it is open. */
    accountId: uuid('account_id'),
    isRevoked: boolean('is_revoked').notNull().default(false),
  },
  (table) => [index('invitations_expired').on(table.expiresAt)],
)
