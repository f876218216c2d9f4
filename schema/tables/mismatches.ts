import { pgEnum, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { accountIdColumn, instant } from './columns.ts'

/**
 * How an owner is told of a presented key: by an alert of its own, or together with others, for whose alert it waits or has
 * waited.
 */
export const mismatchTelling = pgEnum('mismatch_telling', ['ALERTED', 'WAITING', 'SUMMED_UP'])

/** Presented keys that were not the owner's, of the last hour. Each is told at most once in one. */
export const mismatches = pgTable(
  'mismatches',
  {
    accountId: accountIdColumn(),
    applicationServer: text('application_server').notNull(),
    presentedThumbprint: text('presented_thumbprint').notNull(),
    /** When it was told; of one that waits, when it was shown. */
    alertedAt: instant('alerted_at').notNull(),
    telling: mismatchTelling('telling').notNull().default('ALERTED'),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.applicationServer, table.presentedThumbprint] })],
)
