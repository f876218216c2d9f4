import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { accountIdColumn, instant } from './columns.ts'

/** Presented keys that were not the owner's and for which an alert was raised: one an hour for each. */
export const mismatches = pgTable(
  'mismatches',
  {
    accountId: accountIdColumn(),
    applicationServer: text('application_server').notNull(),
    presentedThumbprint: text('presented_thumbprint').notNull(),
    alertedAt: instant('alerted_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.applicationServer, table.presentedThumbprint] })],
)
