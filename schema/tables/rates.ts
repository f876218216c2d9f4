import { index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { instant } from './columns.ts'

/**
 * How much of each rate limit that all servers count together is used up, by client. Written by the database function
 * `take_rate`.
 */
export const rates = pgTable(
  'rates',
  {
    limitName: text('limit_name').notNull(),
    /** A keyed hash of the client's address. */
    client: text('client').notNull(),
    /** When all that the client has taken is refilled: then the row says nothing any more. */
    fullAt: instant('full_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.limitName, table.client] }), index('rates_full').on(table.fullAt)],
)
