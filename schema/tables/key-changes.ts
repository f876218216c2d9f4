import {
  bigint,
  foreignKey,
  index,
  integer,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core'
import { applicationServers } from './application-servers.ts'
import { accountIdColumn, instant } from './columns.ts'
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

/**
 * Changes that wait beside the rows of their account until they are moved to the application server's, where the two may be on
 * different machines (schema/distribution/). On one PostgreSQL none ever waits here.
 */
export const keyChangeOutbox = pgTable(
  'key_change_outbox',
  {
    accountId: accountIdColumn(),
    id: uuid('id').notNull().defaultRandom(),
    applicationServerId: uuid('application_server_id').notNull(),
    kind: keyChangeKind('kind').notNull(),
    /** With `place`, the order of an account's changes. */
    recordedAt: timestamp('recorded_at', { withTimezone: true }).notNull(),
    place: integer('place').notNull(),
    thumbprint: text('thumbprint').notNull(),
    expiresAt: instant('expires_at'),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.id] })],
)
