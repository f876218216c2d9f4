import { isNull } from 'drizzle-orm'
import {
  bigint,
  foreignKey,
  index,
  jsonb,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  uuid,
} from 'drizzle-orm/pg-core'
import { accounts } from './accounts.ts'
import { accountIdColumn, instant } from './columns.ts'
import type { ChannelChange, ChannelKind, RevocationReason } from '../wire/enums.ts'

/** Kinds that are stored; which of them the API shows is for schema/graphql. */
export const alertKind = pgEnum('alert_kind', [
  'KEY_EXPIRING',
  'KEY_EXPIRED',
  'KEY_OVERUSED',
  'KEY_REVOKED',
  'PUBLIC_KEY_MISMATCH',
  'MANAGEMENT_KEY_ADDED',
  'MANAGEMENT_KEY_REVOKED',
  'KEYS_REWRAPPED',
  'KEYS_EXPORTED',
  'CHANNEL_CHANGED',
])

/** Members that the kinds of alerts add to one. Instants are RFC 3339 strings. */
export interface AlertDetails {
  readonly expiresAt?: string
  readonly noticeSeconds?: number
  readonly maxUses?: number
  readonly excess?: number
  readonly refused?: boolean
  readonly reason?: RevocationReason
  readonly keyCount?: number
  /** Id of the management key that added or revoked the one that the alert is about. */
  readonly byManagementKeyId?: string
  readonly applicationServer?: string
  readonly presentedThumbprint?: string
  readonly furtherKeyCount?: number
  readonly channelId?: string
  /** Null: a webhook. */
  readonly channelKind?: ChannelKind | null
  readonly change?: ChannelChange
}

type Details<Member extends keyof AlertDetails> = Required<Pick<AlertDetails, Member>>

/** The members that each kind adds, as whatever raises it must give them. */
export interface AlertDetailsByKind {
  readonly KEY_EXPIRING: Details<'expiresAt' | 'noticeSeconds'>
  readonly KEY_EXPIRED: Details<'expiresAt'>
  readonly KEY_OVERUSED: Details<'maxUses' | 'excess' | 'refused'>
  readonly KEY_REVOKED: Details<'reason'>
  readonly PUBLIC_KEY_MISMATCH: Details<'applicationServer' | 'presentedThumbprint'>
  readonly MANAGEMENT_KEY_ADDED: Details<'byManagementKeyId'>
  readonly MANAGEMENT_KEY_REVOKED: Details<'byManagementKeyId'>
  readonly KEYS_REWRAPPED: Details<'keyCount'>
  readonly KEYS_EXPORTED: Details<'keyCount'>
  readonly CHANNEL_CHANGED: Details<'channelId' | 'channelKind' | 'change'>
}

/** Written by the database function `raise_alert`, and by the sweep of deadlines, in the transaction of the cause. */
export const alerts = pgTable(
  'alerts',
  {
    accountId: accountIdColumn(),
    position: bigint('position', { mode: 'number' }).notNull(),
    kind: alertKind('kind').notNull(),
    occurredAt: instant('occurred_at').notNull(),
    acknowledgedAt: instant('acknowledged_at'),
    transactionKeyId: uuid('transaction_key_id'),
    managementKeyId: text('management_key_id'),
    details: jsonb('details').$type<AlertDetails>().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.position] }),
    foreignKey({ columns: [table.accountId], foreignColumns: [accounts.id] }),
    index('alerts_unacknowledged').on(table.accountId, table.position).where(isNull(table.acknowledgedAt)),
    index('alerts_oldest').on(table.occurredAt),
  ],
)
