import { sql } from 'drizzle-orm'
import { bigint, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { instant } from './columns.ts'

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
})
