import { index, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { accountIdColumn, instant } from './columns.ts'

/**
 * Confirmation mails that were asked for in the last 24 hours, so that nobody is flooded with them. An address is here as an
 * HMAC under the server's secret.
 */
export const confirmations = pgTable(
  'confirmations',
  {
    accountId: accountIdColumn(),
    id: uuid('id').notNull(),
    addressDigest: text('address_digest').notNull(),
    requestedAt: instant('requested_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.id] }),
    index('confirmations_address').on(table.addressDigest, table.requestedAt),
    index('confirmations_account').on(table.accountId, table.requestedAt),
    index('confirmations_oldest').on(table.requestedAt),
  ],
)

/** Addresses whose readers asked for no more confirmation mails, as HMACs under the server's secret. */
export const blockedAddresses = pgTable('blocked_addresses', {
  addressDigest: text('address_digest').primaryKey(),
  blockedAt: instant('blocked_at').notNull(),
})
