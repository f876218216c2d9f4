import { encodeCursorPosition } from '../wire/cursor.ts'
import { builder, signed } from './builder.ts'
import type { AlertPage, GraphQLContext } from './context.ts'
import {
  type Alert as AlertShape,
  type ChannelChangedAlert,
  type KeyExpiredAlert,
  type KeyExpiringAlert,
  type KeyOverusedAlert,
  type KeyRevokedAlert,
  type KeysAlert,
  type ManagementKey as ManagementKeyShape,
  type ManagementKeyAlert,
  type Page,
  type PublicKeyMismatchAlert,
  type TransactionKey as TransactionKeyShape,
} from './domain.ts'
import { ManagementKey } from './management-key.ts'
import { PageInfo } from './page-info.ts'
import { RevocationReason, TransactionKey } from './transaction-key.ts'
import { alertKinds, channelChanges, channelKinds } from '../wire/enums.ts'

export const AlertKind = builder.enumType('AlertKind', { values: alertKinds })
export const ChannelKind = builder.enumType('ChannelKind', { values: channelKinds })

const ChannelChange = builder.enumType('ChannelChange', {
  description:
    'ADDED: from now on alerts are sent there. STOPPED: by the link in a mail. DISABLED: by the key server, because the messages are refused for good. FAILING: a webhook has not accepted an alert for three days, which became a dead letter; told once until it accepts one.',
  values: channelChanges,
})

/** The GraphQL type of each kind of alert. */
const typeNames = {
  KEY_EXPIRING: 'KeyExpiringAlert',
  KEY_EXPIRED: 'KeyExpiredAlert',
  KEY_OVERUSED: 'KeyOverusedAlert',
  KEY_REVOKED: 'KeyRevokedAlert',
  PUBLIC_KEY_MISMATCH: 'PublicKeyMismatchAlert',
  MANAGEMENT_KEY_ADDED: 'ManagementKeyAddedAlert',
  MANAGEMENT_KEY_REVOKED: 'ManagementKeyRevokedAlert',
  KEYS_REWRAPPED: 'KeysRewrappedAlert',
  KEYS_EXPORTED: 'KeysExportedAlert',
  CHANNEL_CHANGED: 'ChannelChangedAlert',
} as const satisfies Record<AlertShape['kind'], string>

/** The cursor of an alert: where a subscription or a page resumes. */
export function cursorOf({ position, occurredAt }: AlertShape): string {
  return encodeCursorPosition('alert', { position, atMs: occurredAt.getTime() })
}

/** No other alert has it, also not one that takes the position of an alert which the database has lost. */
export function alertIdOf({ accountId, position, occurredAt }: AlertShape): string {
  return `${accountId}:${String(position)}@${String(occurredAt.getTime())}`
}

export const Alert = builder.interfaceRef<AlertShape>('Alert').implement({
  description:
    'A message that the owner must know of. Stored before it is delivered, in the transaction of its cause.',
  resolveType: ({ kind }) => typeNames[kind],
  fields: (t) => ({
    id: t.id({ resolve: alertIdOf }),
    kind: t.expose('kind', { type: AlertKind }),
    cursor: t.string({ description: 'Where to resume: pass it as `after`.', resolve: cursorOf }),
    occurredAt: t.expose('occurredAt', { type: 'DateTime' }),
    acknowledgedAt: t.expose('acknowledgedAt', { type: 'DateTime', nullable: true }),
  }),
})

type Resolver<Parent, Value> = (parent: Parent, args: object, ctx: GraphQLContext) => Promise<Value>

type AboutTransactionKey = Extract<AlertShape, { transactionKeyId: string }>
type AboutManagementKey = Extract<AlertShape, { managementKeyId: string }>

const resolveTransactionKey: Resolver<AboutTransactionKey, TransactionKeyShape> = (alert, _args, ctx) =>
  ctx.loaders.transactionKey.load({ accountId: alert.accountId, id: alert.transactionKeyId })

const resolveManagementKey: Resolver<AboutManagementKey, ManagementKeyShape> = (alert, _args, ctx) =>
  ctx.loaders.managementKey.load({ accountId: alert.accountId, id: alert.managementKeyId })

const resolveByManagementKey: Resolver<ManagementKeyAlert, ManagementKeyShape> = (alert, _args, ctx) =>
  ctx.loaders.managementKey.load({ accountId: alert.accountId, id: alert.byManagementKeyId })

builder.objectRef<KeyExpiringAlert>('KeyExpiringAlert').implement({
  interfaces: [Alert],
  fields: (t) => ({
    transactionKey: t.field({ type: TransactionKey, resolve: resolveTransactionKey }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime' }),
    noticeSeconds: t.exposeInt('noticeSeconds'),
  }),
})

builder.objectRef<KeyExpiredAlert>('KeyExpiredAlert').implement({
  interfaces: [Alert],
  fields: (t) => ({
    transactionKey: t.field({ type: TransactionKey, resolve: resolveTransactionKey }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime' }),
  }),
})

builder.objectRef<KeyOverusedAlert>('KeyOverusedAlert').implement({
  description:
    'Raised when the uses (or, under REFUSE, the refusals) beyond maxUses reach 1, 2, 4, 8, …: the first at once, and logarithmically few in all.',
  interfaces: [Alert],
  fields: (t) => ({
    transactionKey: t.field({ type: TransactionKey, resolve: resolveTransactionKey }),
    maxUses: t.exposeInt('maxUses'),
    excess: t.exposeInt('excess'),
    refused: t.exposeBoolean('refused'),
    managementKey: t.field({ type: ManagementKey, resolve: resolveManagementKey }),
  }),
})

builder.objectRef<KeyRevokedAlert>('KeyRevokedAlert').implement({
  interfaces: [Alert],
  fields: (t) => ({
    transactionKey: t.field({ type: TransactionKey, resolve: resolveTransactionKey }),
    reason: t.expose('reason', { type: RevocationReason }),
  }),
})

builder.objectRef<PublicKeyMismatchAlert>('PublicKeyMismatchAlert').implement({
  description:
    "Somebody showed an application server a key that is not the owner's for it, though it may be the owner's for another: at most one per owner, application server and presented key in an hour.",
  interfaces: [Alert],
  fields: (t) => ({
    applicationServer: t.exposeString('applicationServer'),
    presentedThumbprint: t.exposeString('presentedThumbprint'),
    furtherKeyCount: t.exposeInt('furtherKeyCount', {
      description:
        'Keys that were shown besides and are not told one by one, because there were too many. 0 when the alert is of one key.',
    }),
  }),
})

builder.objectRef<ManagementKeyAlert>('ManagementKeyAddedAlert').implement({
  interfaces: [Alert],
  fields: (t) => ({
    managementKey: t.field({ type: ManagementKey, resolve: resolveManagementKey }),
    addedBy: t.field({ type: ManagementKey, resolve: resolveByManagementKey }),
  }),
})

builder.objectRef<ManagementKeyAlert>('ManagementKeyRevokedAlert').implement({
  interfaces: [Alert],
  fields: (t) => ({
    managementKey: t.field({ type: ManagementKey, resolve: resolveManagementKey }),
    revokedBy: t.field({ type: ManagementKey, resolve: resolveByManagementKey }),
  }),
})

builder.objectRef<KeysAlert>('KeysRewrappedAlert').implement({
  interfaces: [Alert],
  fields: (t) => ({
    managementKey: t.field({ type: ManagementKey, resolve: resolveManagementKey }),
    keyCount: t.exposeInt('keyCount'),
  }),
})

builder.objectRef<KeysAlert>('KeysExportedAlert').implement({
  interfaces: [Alert],
  fields: (t) => ({
    managementKey: t.field({ type: ManagementKey, resolve: resolveManagementKey }),
    keyCount: t.exposeInt('keyCount'),
  }),
})

builder.objectRef<ChannelChangedAlert>('ChannelChangedAlert').implement({
  description:
    'A channel or a webhook was changed. It is sent to every one that was there before, of whichever kinds.',
  interfaces: [Alert],
  fields: (t) => ({
    channelId: t.exposeID('channelId'),
    channelKind: t.expose('channelKind', {
      type: ChannelKind,
      nullable: true,
      description: 'Null: a webhook.',
    }),
    change: t.expose('change', { type: ChannelChange }),
    changedBy: t.field({
      type: ManagementKey,
      nullable: true,
      description: 'Null when no management key signed it: by a link in a mail, or by the key server.',
      resolve: ({ accountId, managementKeyId: id }, _args, ctx) =>
        id === null ? null : ctx.loaders.managementKey.load({ accountId, id }),
    }),
  }),
})

const AlertEdge = builder.objectRef<Page<AlertShape>['edges'][number]>('AlertEdge').implement({
  fields: (t) => ({
    cursor: t.exposeString('cursor'),
    node: t.expose('node', { type: Alert }),
  }),
})

export const AlertConnection = builder.objectRef<AlertPage>('AlertConnection').implement({
  fields: (t) => ({
    edges: t.field({ type: [AlertEdge], resolve: (page) => [...page.edges] }),
    pageInfo: t.field({ type: PageInfo, resolve: (page) => page }),
    unacknowledgedCount: t.int({ resolve: (page) => page.unacknowledgedCount() }),
  }),
})

builder.subscriptionField('alerts', (t) =>
  t.field({
    type: Alert,
    description: `\
Signed. The account's alerts, each exactly once and in order: first those after the cursor, then new ones.
Without a cursor: only new ones. Over graphql-transport-ws and over SSE.`,
    extensions: signed,
    args: { after: t.arg.string(), kinds: t.arg({ type: [AlertKind] }) },
    subscribe: (_root, { after, kinds }, ctx) =>
      ctx.alerts.subscribe({ after: after ?? null, kinds: kinds ?? null }),
    resolve: (alert) => alert,
  }),
)

builder.mutationField('acknowledgeAlerts', (t) =>
  t.int({
    description: 'Signed. Marks the alerts up to and including this cursor as read; returns their number.',
    extensions: signed,
    args: { upTo: t.arg.string({ required: true }) },
    resolve: (_root, { upTo }, ctx) => ctx.alerts.acknowledge(upTo),
  }),
)
