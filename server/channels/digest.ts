import { eq } from 'drizzle-orm'
import type { Alert } from '../../schema/graphql/domain.ts'
import { accounts } from '../../schema/tables/index.ts'
import type { AlertKind } from '../../schema/wire/enums.ts'
import { countAlertsByKind, selectAlerts } from '../alerts/alert-rows.ts'
import type { Executor } from '../database/connect.ts'
import { selectManagementKeysById } from '../management-keys/management-key-rows.ts'
import { selectTransactionKeysById } from '../transaction-keys/transaction-key-rows.ts'
import type { AlertFacts, DeviceFacts, KeyFacts } from './texts/catalogue.ts'

/** The alerts of one message: those after a position up to another, in order. */
export interface Digest {
  /** The account's name. */
  readonly owner: string
  /** The first of them, at least one. */
  readonly alerts: readonly AlertFacts[]
  /** All of them. */
  readonly count: number
  /** Those that there is no room for. */
  readonly further: readonly { readonly kind: AlertKind; readonly count: number }[]
}

export interface DigestRange {
  /** The channel that it is for. */
  readonly channelId: string
  readonly after: number
  readonly upTo: number
  /** Null: all. CHANNEL_CHANGED is told in any case. */
  readonly kinds: readonly AlertKind[] | null
  /** Alerts that are told one by one. */
  readonly shownMax: number
}

/** @returns null when there are no such alerts */
export async function readDigest(
  db: Executor,
  accountId: string,
  { channelId, after, upTo, kinds: asked, shownMax }: DigestRange,
): Promise<Digest | null> {
  const kinds = asked && [...new Set<AlertKind>([...asked, 'CHANNEL_CHANGED'])]
  const shown = await selectAlerts(db, accountId, { after, before: upTo + 1, kinds, limit: shownMax })
  if (shown.length === 0) return null
  const counted = await countAlertsByKind(db, accountId, { after, upTo })
  const wanted = counted.filter(({ kind }) => kinds?.includes(kind) !== false)
  const further = wanted.map(({ kind, count }) => ({
    kind,
    count: count - shown.filter((alert) => alert.kind === kind).length,
  }))
  return {
    owner: await readOwner(db, accountId),
    alerts: await readFacts(db, { accountId, channelId }, shown),
    count: wanted.reduce((sum, { count }) => sum + count, 0),
    further: further.filter(({ count }) => count > 0),
  }
}

/** The name of an account that exists. */
export async function readOwner(db: Executor, accountId: string): Promise<string> {
  const [account] = await db.select({ name: accounts.name }).from(accounts).where(eq(accounts.id, accountId))
  if (account === undefined) throw new TypeError('A channel has an account.')
  return account.name
}

async function readFacts(
  db: Executor,
  { accountId, channelId }: { readonly accountId: string } & Pick<DigestRange, 'channelId'>,
  alerts: readonly Alert[],
): Promise<AlertFacts[]> {
  const keyIds = alerts.flatMap((alert) => ('transactionKeyId' in alert ? [alert.transactionKeyId] : []))
  const deviceIds = alerts.flatMap((alert) => [
    ...('managementKeyId' in alert && alert.managementKeyId !== null ? [alert.managementKeyId] : []),
    ...('byManagementKeyId' in alert ? [alert.byManagementKeyId] : []),
  ])
  const [keys, devices] = await Promise.all([
    selectTransactionKeysById(db, accountId, [...new Set(keyIds)]),
    selectManagementKeysById(db, accountId, [...new Set(deviceIds)]),
  ])
  const keysById = new Map(keys.map((key) => [key.id, key]))
  const devicesById = new Map(devices.map((device) => [device.id, device]))
  return alerts.map((alert) =>
    toFacts(alert, {
      key: (id) => found(keysById.get(id)),
      device: (id) => found(devicesById.get(id)),
      isHere: (id) => id === channelId,
    }),
  )
}

function found<T>(row: T | undefined): T {
  if (row === undefined) throw new TypeError('The subject of an alert is not removed before the alert.')
  return row
}

function toFacts(
  alert: Alert,
  names: {
    readonly key: (id: string) => KeyFacts
    readonly device: (id: string) => DeviceFacts
    readonly isHere: (channelId: string) => boolean
  },
): AlertFacts {
  const { occurredAt } = alert
  switch (alert.kind) {
    case 'KEY_EXPIRING': {
      const { kind, transactionKeyId, expiresAt, noticeSeconds } = alert
      return { occurredAt, kind, key: names.key(transactionKeyId), expiresAt, noticeSeconds }
    }
    case 'KEY_EXPIRED':
      return {
        occurredAt,
        kind: alert.kind,
        key: names.key(alert.transactionKeyId),
        expiresAt: alert.expiresAt,
      }
    case 'KEY_OVERUSED': {
      const { kind, transactionKeyId, managementKeyId, maxUses, excess, refused } = alert
      const [key, device] = [names.key(transactionKeyId), names.device(managementKeyId)]
      return { occurredAt, kind, key, device, maxUses, excess, refused }
    }
    case 'KEY_REVOKED':
      return { occurredAt, kind: alert.kind, key: names.key(alert.transactionKeyId), reason: alert.reason }
    case 'PUBLIC_KEY_MISMATCH': {
      const { kind, applicationServer, furtherKeyCount } = alert
      return { occurredAt, kind, applicationServer, furtherKeyCount }
    }
    case 'MANAGEMENT_KEY_ADDED': {
      const { kind, managementKeyId, byManagementKeyId } = alert
      const [device, by] = [names.device(managementKeyId), names.device(byManagementKeyId)]
      return { occurredAt, kind, device, by }
    }
    case 'MANAGEMENT_KEY_REVOKED': {
      const { kind, managementKeyId, byManagementKeyId } = alert
      return { occurredAt, kind, device: names.device(managementKeyId), by: names.device(byManagementKeyId) }
    }
    case 'KEYS_REWRAPPED':
    case 'KEYS_EXPORTED': {
      const { kind, managementKeyId, keyCount } = alert
      return { occurredAt, kind, device: names.device(managementKeyId), keyCount }
    }
    case 'CHANNEL_CHANGED': {
      const { kind, channelId, channelKind, change, managementKeyId } = alert
      const device = managementKeyId === null ? null : names.device(managementKeyId)
      const isHere = names.isHere(channelId)
      return { occurredAt, kind, channelKind: channelKind ?? 'WEBHOOK', isHere, change, device }
    }
  }
}
