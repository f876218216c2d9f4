import { index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { instant } from './columns.ts'

/** What clients have taken of the limits that all servers count together. Written by the database function `take_rate`. */
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
