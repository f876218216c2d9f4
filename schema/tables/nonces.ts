import { index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { accountIdColumn, instant } from './columns.ts'

/**
 * Nonces of request signatures, each kept until its signature's window has closed for good (docs/adr/0015-settled-clock.md).
 * A logged table: what was used stays used after a crash. Written in the transaction of the request's effect.
 */
export const nonces = pgTable(
  'nonces',
  {
    accountId: accountIdColumn(),
    managementKeyId: text('management_key_id').notNull(),
    nonce: text('nonce').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.managementKeyId, table.nonce] }),
    index('nonces_expired').on(table.expiresAt),
  ],
)
