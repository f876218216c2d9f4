import { index, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { instant } from './columns.ts'

/**
 * Nonces of request signatures, each kept until its signature's window has closed for good (docs/adr/0015-settled-clock.md).
 * A logged table: what was used stays used after a crash. Written in the transaction of the request's effect.
 */
export const nonces = pgTable(
  'nonces',
  {
    /** The account, or the application server, whose key signed. */
    principalId: uuid('principal_id').notNull(),
    /** RFC 7638 thumbprint of the key that signed. */
    keyId: text('key_id').notNull(),
    nonce: text('nonce').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.principalId, table.keyId, table.nonce] }),
    index('nonces_expired').on(table.expiresAt),
  ],
)
