import { isNotNull, isNull, sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  foreignKey,
  index,
  integer,
  jsonb,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import type { PublicJwk } from '../wire/keys/jwk.ts'
import { accounts } from './accounts.ts'
import { accountIdColumn, bytes, instant } from './columns.ts'
import { overusePolicies, revocationReasons } from '../wire/enums.ts'

export const overusePolicy = pgEnum('overuse_policy', overusePolicies)
export const revocationReason = pgEnum('revocation_reason', revocationReasons)

/** The facts of a transaction key: seldom written, often read. */
export const transactionKeys = pgTable(
  'transaction_keys',
  {
    accountId: accountIdColumn(),
    id: uuid('id').notNull(),
    applicationServer: text('application_server').notNull(),
    label: text('label'),
    /** Null for a symmetric key. */
    publicKey: jsonb('public_key').$type<PublicJwk>(),
    thumbprint: text('thumbprint'),
    notBefore: instant('not_before'),
    expiresAt: instant('expires_at'),
    /** Seconds before `expires_at`, largest first. */
    expiryNotices: integer('expiry_notices').array().notNull(),
    /** The notices were not asked for: a new term brings new default ones. */
    hasDefaultNotices: boolean('has_default_notices').notNull(),
    /** The owner's own signed description of the key (JWS). */
    certificate: text('certificate'),
    /** The key's own statement that its holder stored it (JWS). */
    possession: text('possession'),
    /** The owner's own signed revocation of the key (JWS). */
    revocation: text('revocation'),
    /** SHA-256 of the stored input, by which a repeated store is told from a conflicting one. */
    contentHash: bytes('content_hash').notNull(),
    createdAt: instant('created_at')
      .notNull()
      .default(sql`now()`),
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.id] }),
    foreignKey({ columns: [table.accountId], foreignColumns: [accounts.id] }),
    uniqueIndex('transaction_keys_public_key').on(table.accountId, table.applicationServer, table.thumbprint),
    index('transaction_keys_newest').on(table.accountId, table.createdAt, table.id),
  ],
)

/**
 * The state that decides whether an acquisition is granted, with its counter: one narrow row that is written at every
 * acquisition, apart from the key and its copies. No index covers its changing columns, so that updates stay HOT.
 */
export const transactionKeyUsage = pgTable(
  'transaction_key_usage',
  {
    accountId: accountIdColumn(),
    transactionKeyId: uuid('transaction_key_id').notNull(),
    maxUses: integer('max_uses'),
    overusePolicy: overusePolicy('overuse_policy').notNull(),
    revokedAt: instant('revoked_at'),
    revocationReason: revocationReason('revocation_reason'),
    useCount: integer('use_count').notNull().default(0),
    refusedCount: integer('refused_count').notNull().default(0),
    lastUsedAt: instant('last_used_at'),
    /** Refusals since the limit was last changed: the excess under REFUSE. */
    refusedBeyondLimit: integer('refused_beyond_limit').notNull().default(0),
    /** The excess at which the next over-use alert is due: 1, 2, 4, 8, … */
    nextAlertExcess: bigint('next_alert_excess', { mode: 'number' }).notNull().default(1),
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.transactionKeyId] }),
    foreignKey({
      columns: [table.accountId, table.transactionKeyId],
      foreignColumns: [transactionKeys.accountId, transactionKeys.id],
    }),
  ],
)

/**
 * Transaction keys, each wrapped for one management key. Only `acquire_wrapped_keys` and `acquire_wrapped_key_group`
 * read them.
 */
export const wrappedKeys = pgTable(
  'wrapped_keys',
  {
    accountId: accountIdColumn(),
    transactionKeyId: uuid('transaction_key_id').notNull(),
    managementKeyId: text('management_key_id').notNull(),
    jwe: text('jwe').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.transactionKeyId, table.managementKeyId] }),
    foreignKey({
      columns: [table.accountId, table.transactionKeyId],
      foreignColumns: [transactionKeys.accountId, transactionKeys.id],
    }),
  ],
)

/** Acquisitions that named an `acquisitionId`, for as long as a repetition counts once. */
export const acquisitions = pgTable(
  'acquisitions',
  {
    accountId: accountIdColumn(),
    /** Id of the management key that acquired. For another purpose than USE, the purpose and a space stand before it. */
    idempotencyScope: text('idempotency_scope').notNull(),
    transactionKeyId: uuid('transaction_key_id').notNull(),
    acquisitionId: uuid('acquisition_id').notNull(),
    acquiredAt: instant('acquired_at').notNull(),
  },
  (table) => [
    primaryKey({
      columns: [table.accountId, table.idempotencyScope, table.transactionKeyId, table.acquisitionId],
    }),
    index('acquisitions_oldest').on(table.acquiredAt),
  ],
)

/**
 * When an alert about a key's term is due. The sweep that stores the alert marks the row as taken. A taken row is kept as long
 * as the term is: should the clock go back to before it was due, it is armed again.
 */
export const deadlines = pgTable(
  'deadlines',
  {
    accountId: accountIdColumn(),
    transactionKeyId: uuid('transaction_key_id').notNull(),
    /** 0 for the end of the term itself. */
    noticeSeconds: integer('notice_seconds').notNull(),
    dueAt: instant('due_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
    /** Null while it is armed. */
    takenAt: instant('taken_at'),
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.transactionKeyId, table.noticeSeconds] }),
    foreignKey({
      columns: [table.accountId, table.transactionKeyId],
      foreignColumns: [transactionKeys.accountId, transactionKeys.id],
    }),
    index('deadlines_due').on(table.dueAt).where(isNull(table.takenAt)),
    index('deadlines_taken').on(table.dueAt).where(isNotNull(table.takenAt)),
  ],
)
