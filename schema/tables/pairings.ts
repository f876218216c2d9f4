import { sql } from 'drizzle-orm'
import { index, pgTable, text } from 'drizzle-orm/pg-core'
import { instant } from './columns.ts'

/**
 * Messages between a new device and one that approves it, for some minutes. The new device has no account yet, so there
 * is none in the key. Only the two devices can read the content.
 */
export const pairings = pgTable(
  'pairings',
  {
    /** Chosen by the new device: 16 bytes, base64url. */
    id: text('id').primaryKey(),
    payload: text('payload').notNull(),
    /** Null until it was answered, which happens once. */
    answer: text('answer'),
    openedAt: instant('opened_at')
      .notNull()
      .default(sql`clock_timestamp()`),
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [index('pairings_expired').on(table.expiresAt)],
)
