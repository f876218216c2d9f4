import { and, asc, desc, eq, gt, inArray, isNull, lt, lte, sql } from 'drizzle-orm'
import type { Alert } from '../../schema/graphql/domain.ts'
import { alerts } from '../../schema/tables/index.ts'
import type { Database, Executor } from '../database/connect.ts'
import type { AlertKind } from '../../schema/wire/enums.ts'

export interface AlertRange {
  readonly after?: number | null
  readonly before?: number | null
  readonly kinds?: readonly AlertKind[] | null
  readonly unacknowledgedOnly?: boolean
  readonly limit: number
  /** Takes the newest of the range instead of the oldest. The answer is in order either way. */
  readonly fromEnd?: boolean
}

/** Reads alerts in the order of their positions. */
export async function selectAlerts(db: Executor, accountId: string, range: AlertRange): Promise<Alert[]> {
  const rows = await db
    .select()
    .from(alerts)
    .where(
      and(
        eq(alerts.accountId, accountId),
        range.after === null || range.after === undefined ? undefined : gt(alerts.position, range.after),
        range.before === null || range.before === undefined ? undefined : lt(alerts.position, range.before),
        range.kinds ? inArray(alerts.kind, [...range.kinds]) : undefined,
        range.unacknowledgedOnly === true ? isNull(alerts.acknowledgedAt) : undefined,
      ),
    )
    .orderBy(range.fromEnd === true ? desc(alerts.position) : asc(alerts.position))
    .limit(range.limit)
  const ordered = range.fromEnd === true ? rows.reverse() : rows
  return ordered.map(toAlert)
}

/** Reads the alerts after a position, in order: the statement of all streams, and so a prepared one. */
export type AlertsAfter = (
  accountId: string,
  range: { readonly after: number; readonly limit: number },
) => Promise<Alert[]>

export function prepareAlertsAfter(db: Database): AlertsAfter {
  const statement = db
    .select()
    .from(alerts)
    .where(
      and(eq(alerts.accountId, sql.placeholder('accountId')), gt(alerts.position, sql.placeholder('after'))),
    )
    .orderBy(asc(alerts.position))
    .limit(sql.placeholder('limit'))
    .prepare('alerts_after')
  return async (accountId, range) => (await statement.execute({ accountId, ...range })).map(toAlert)
}

/** Reads the alerts at these positions, those that are still kept. */
export async function selectAlertsAt(
  db: Executor,
  accountId: string,
  positions: readonly number[],
): Promise<Alert[]> {
  if (positions.length === 0) return []
  const rows = await db
    .select()
    .from(alerts)
    .where(and(eq(alerts.accountId, accountId), inArray(alerts.position, [...positions])))
  return rows.map(toAlert)
}

/** How many alerts of each kind there are after a position up to another. */
export async function countAlertsByKind(
  db: Executor,
  accountId: string,
  range: { readonly after: number; readonly upTo: number },
): Promise<{ kind: AlertKind; count: number }[]> {
  return db
    .select({ kind: alerts.kind, count: sql<number>`count(*)::int` })
    .from(alerts)
    .where(
      and(
        eq(alerts.accountId, accountId),
        gt(alerts.position, range.after),
        lte(alerts.position, range.upTo),
      ),
    )
    .groupBy(alerts.kind)
    .orderBy(alerts.kind)
}

export async function countUnacknowledged(db: Executor, accountId: string): Promise<number> {
  const [row] = await db
    .select({ count: sql<number>`count(*)::int` })
    .from(alerts)
    .where(and(eq(alerts.accountId, accountId), isNull(alerts.acknowledgedAt)))
  return row?.count ?? 0
}

type AlertRow = typeof alerts.$inferSelect

function toAlert({ kind, transactionKeyId, managementKeyId, details, ...row }: AlertRow): Alert {
  const { accountId, position, occurredAt, acknowledgedAt } = row
  const common = { accountId, position, occurredAt, acknowledgedAt }
  switch (kind) {
    case 'KEY_EXPIRING':
      return {
        ...common,
        kind,
        transactionKeyId: present(transactionKeyId),
        expiresAt: new Date(present(details.expiresAt)),
        noticeSeconds: present(details.noticeSeconds),
      }
    case 'KEY_EXPIRED':
      return {
        ...common,
        kind,
        transactionKeyId: present(transactionKeyId),
        expiresAt: new Date(present(details.expiresAt)),
      }
    case 'KEY_OVERUSED':
      return {
        ...common,
        kind,
        transactionKeyId: present(transactionKeyId),
        maxUses: present(details.maxUses),
        excess: present(details.excess),
        refused: present(details.refused),
        managementKeyId: present(managementKeyId),
      }
    case 'KEY_REVOKED':
      return {
        ...common,
        kind,
        transactionKeyId: present(transactionKeyId),
        reason: present(details.reason),
      }
    case 'PUBLIC_KEY_MISMATCH':
      return {
        ...common,
        kind,
        applicationServer: present(details.applicationServer),
        presentedThumbprint: present(details.presentedThumbprint),
        furtherKeyCount: details.furtherKeyCount ?? 0,
      }
    case 'MANAGEMENT_KEY_ADDED':
    case 'MANAGEMENT_KEY_REVOKED':
      return {
        ...common,
        kind,
        managementKeyId: present(managementKeyId),
        byManagementKeyId: present(details.byManagementKeyId),
      }
    case 'KEYS_REWRAPPED':
    case 'KEYS_EXPORTED':
      return {
        ...common,
        kind,
        managementKeyId: present(managementKeyId),
        keyCount: present(details.keyCount),
      }
    case 'CHANNEL_CHANGED':
      return {
        ...common,
        kind,
        channelId: present(details.channelId),
        channelKind: details.channelKind ?? null,
        change: present(details.change),
        managementKeyId,
      }
  }
}

function present<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new TypeError('A stored alert lacks a part of its kind.')
  return value
}
