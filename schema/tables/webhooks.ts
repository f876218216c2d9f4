import { isNotNull, sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  foreignKey,
  index,
  integer,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  unique,
  uuid,
} from 'drizzle-orm/pg-core'
import { accounts } from './accounts.ts'
import { alertKind } from './alerts.ts'
import { accountIdColumn, instant } from './columns.ts'
import { channelKinds, channelLanguages } from '../wire/enums.ts'

export const channelKind = pgEnum('channel_kind', channelKinds)
export const channelLanguage = pgEnum('channel_language', channelLanguages)
/** A notice that a channel gets instead of alerts: to be confirmed before the first one, or that it was removed. */
export const channelNotice = pgEnum('channel_notice', ['CONFIRMATION', 'FAREWELL'])

/**
 * Webhooks, and channels to people, which are delivered to in the same way: where an account's alerts are sent, and how
 * far that has come. The server that delivers holds the row's lease; every write of a delivery names it, so that a
 * server whose lease has run out changes nothing.
 */
export const webhooks = pgTable(
  'webhooks',
  {
    accountId: accountIdColumn(),
    id: uuid('id').notNull(),
    /** Null for a channel. */
    url: text('url'),
    /** Null for a webhook. */
    channelKind: channelKind('channel_kind'),
    /** HMAC of a channel's target, by which the account has it once; null when it is to be forgotten. */
    targetDigest: text('target_digest'),
    /** HMAC of the host that a channel's messages go to. */
    hostDigest: text('host_digest'),
    language: channelLanguage('language'),
    notice: channelNotice('notice'),
    /** When the row is removed, whether or not the notice was delivered. */
    noticeExpiresAt: instant('notice_expires_at'),
    /** The last alert of the message under way, kept so that a repetition is the same message. */
    batchEnd: bigint('batch_end', { mode: 'number' }),
    /** Until then what comes is gathered for the next message. */
    pausedUntil: instant('paused_until'),
    /** Null: all kinds. */
    kinds: alertKind('kinds').array(),
    /** A webhook's signing secret, or a channel's target, in a compact JWE under the server's secret. */
    sealedSecret: text('sealed_secret').notNull(),
    createdAt: instant('created_at')
      .notNull()
      .default(sql`now()`),
    /** The alerts up to this position are delivered, not asked for, or dead letters. */
    position: bigint('position', { mode: 'number' }).notNull(),
    /** The account's newest alert, written in the transaction that stores it. */
    newestPosition: bigint('newest_position', { mode: 'number' }).notNull(),
    /** When to deliver next; null when there is nothing to deliver. */
    dueAt: instant('due_at'),
    lease: uuid('lease'),
    leasedUntil: instant('leased_until'),
    /** Failed attempts since the last delivery. */
    attempts: integer('attempts').notNull().default(0),
    failingSince: instant('failing_since'),
    /** Why the last attempt failed: a name in upper case. */
    failure: text('failure'),
    lastDeliveredAt: instant('last_delivered_at'),
    /** The receiver answered 410 Gone: nothing is delivered until the owner asks for it. */
    disabledAt: instant('disabled_at'),
    /** The owner asked for dead letters to be delivered again. */
    isRedeliveryAsked: boolean('is_redelivery_asked').notNull().default(false),
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.id] }),
    unique('webhooks_url').on(table.accountId, table.url),
    unique('webhooks_target').on(table.accountId, table.targetDigest),
    check('webhooks_kind', sql`(${table.url} IS NULL) = (${table.channelKind} IS NOT NULL)`),
    foreignKey({ columns: [table.accountId], foreignColumns: [accounts.id] }),
    index('webhooks_due').on(table.dueAt).where(isNotNull(table.dueAt)),
  ],
)

/** Alerts that a webhook's receiver did not take for days. Each is kept as long as its alert. */
export const webhookDeadLetters = pgTable(
  'webhook_dead_letters',
  {
    accountId: accountIdColumn(),
    webhookId: uuid('webhook_id').notNull(),
    position: bigint('position', { mode: 'number' }).notNull(),
    failedAt: instant('failed_at').notNull(),
    failure: text('failure').notNull(),
    isRedeliveryAsked: boolean('is_redelivery_asked').notNull().default(false),
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.webhookId, table.position] }),
    foreignKey({
      columns: [table.accountId, table.webhookId],
      foreignColumns: [webhooks.accountId, webhooks.id],
    }).onDelete('cascade'),
  ],
)
