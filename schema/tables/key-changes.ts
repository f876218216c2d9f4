import { bigint, foreignKey, index, pgEnum, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { applicationServers } from './application-servers.ts'
import { instant } from './columns.ts'
import { storedKeyChangeKinds } from '../wire/enums.ts'

export const keyChangeKind = pgEnum('key_change_kind', storedKeyChangeKinds)

/**
 * Changes of keys that are stored for registered application servers. Written by the database function
 * `record_key_changes` in the transaction of the cause.
 */
export const keyChanges = pgTable(
  'key_changes',
  {
    applicationServerId: uuid('application_server_id').notNull(),
    /** Counts from 1 for each application server, without gaps. */
    position: bigint('position', { mode: 'number' }).notNull(),
    kind: keyChangeKind('kind').notNull(),
    occurredAt: instant('occurred_at').notNull(),
    /** RFC 7638 thumbprint of the public key. */
    thumbprint: text('thumbprint').notNull(),
    /** The end of the key's term after the change. */
    expiresAt: instant('expires_at'),
  },
  (table) => [
    primaryKey({ columns: [table.applicationServerId, table.position] }),
    foreignKey({ columns: [table.applicationServerId], foreignColumns: [applicationServers.id] }),
    index('key_changes_oldest').on(table.occurredAt),
  ],
)
