import { AlertConnection } from './alert.ts'
import { AuditConnection, AuditFilter, AuditHead } from './audit.ts'
import { builder, registering, signed } from './builder.ts'
import { Channel } from './channel.ts'
import type { Account as AccountShape, AccountUsage as AccountUsageShape } from './domain.ts'
import { ManagementKey, ManagementKeyInput } from './management-key.ts'
import { TransactionKeyConnection, TransactionKeySort, TransactionKeyState } from './transaction-key.ts'
import { Webhook } from './webhook.ts'

const AccountUsage = builder.objectRef<AccountUsageShape>('AccountUsage').implement({
  description: 'How much of its quotas the account uses. Keys that are revoked do not count.',
  fields: (t) => ({
    transactionKeys: t.exposeInt('transactionKeys'),
    transactionKeysMax: t.exposeInt('transactionKeysMax'),
    managementKeys: t.exposeInt('managementKeys'),
    managementKeysMax: t.exposeInt('managementKeysMax'),
    webhooks: t.exposeInt('webhooks'),
    webhooksMax: t.exposeInt('webhooksMax'),
    storedBytes: t.exposeInt('storedBytes', {
      description: 'Characters of wrapped keys, and of signed statements about transaction keys.',
    }),
    storedBytesMax: t.exposeInt('storedBytesMax'),
  }),
})

const Account = builder.objectRef<AccountShape>('Account').implement({
  description: 'A key owner. Application servers know it by its name.',
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    managementKeys: t.field({
      type: [ManagementKey],
      args: { includeRevoked: t.arg.boolean({ defaultValue: false }) },
      resolve: (account, { includeRevoked }, ctx) =>
        ctx.accounts.managementKeys(account, { includeRevoked: includeRevoked ?? false }),
    }),
    transactionKeys: t.field({
      type: TransactionKeyConnection,
      description:
        "Newest first unless sort is given. Relay connection; first is at most 100, default 20. search matches any part of the application server's name or of the label, in any case of letters; totalCount counts the keys that match all filters.",
      args: {
        first: t.arg.int(),
        after: t.arg.string(),
        applicationServer: t.arg.string(),
        state: t.arg({ type: TransactionKeyState }),
        search: t.arg.string(),
        sort: t.arg({ type: TransactionKeySort }),
      },
      resolve: (account, page, ctx) => ctx.transactionKeys.page(account, page),
    }),
    alerts: t.field({
      type: AlertConnection,
      description:
        'Oldest first; last and before page from the newest end. Relay connection over the alert stream; the cursors are those of Subscription.alerts.',
      args: {
        first: t.arg.int(),
        after: t.arg.string(),
        last: t.arg.int(),
        before: t.arg.string(),
        unacknowledgedOnly: t.arg.boolean({ defaultValue: false }),
      },
      resolve: (account, { unacknowledgedOnly, ...page }, ctx) =>
        ctx.alerts.page(account, { ...page, unacknowledgedOnly: unacknowledgedOnly ?? false }),
    }),
    auditLog: t.field({
      type: AuditConnection,
      description: `\
The record of this account and its keys: every acquisition, granted or refused, and every change. Newest first.
Relay connection; first is at most 100, default 20. An entry is stored in the transaction of its action: an action that
cannot be recorded does not happen.`,
      args: { first: t.arg.int(), after: t.arg.string(), filter: t.arg({ type: AuditFilter }) },
      resolve: (account, page, ctx) => ctx.audit.page(account, page),
    }),
    auditHead: t.field({
      type: AuditHead,
      resolve: (account, _args, ctx) => ctx.audit.head(account),
    }),
    usage: t.field({
      type: AccountUsage,
      description: 'How much of its quotas this account uses.',
      resolve: (account, _args, ctx) => ctx.accounts.usage(account),
    }),
    webhooks: t.field({
      type: [Webhook],
      description: 'Oldest first.',
      resolve: (account, _args, ctx) => ctx.webhooks.list(account),
    }),
    channels: t.field({
      type: [Channel],
      description: 'Oldest first.',
      resolve: (account, _args, ctx) => ctx.channels.list(account),
    }),
  }),
})

const OpenAccountInput = builder.inputType('OpenAccountInput', {
  fields: (t) => ({
    name: t.string({
      required: true,
      description: "3 to 64 of a-z, 0-9, '.', '_', '-', '@', starting with a letter or digit.",
    }),
    invitation: t.string({
      description:
        'Where registration is INVITE: what the operator has printed by `claviger invite create`. It is good once. FORBIDDEN without one, or with a wrong one.',
    }),
    managementKey: t.field({ type: ManagementKeyInput, required: true }),
  }),
})

builder.queryField('account', (t) =>
  t.field({
    type: Account,
    description: 'Signed. The account whose management key signed this request.',
    extensions: signed,
    resolve: (_root, _args, ctx) => ctx.accounts.current(),
  }),
)

builder.mutationField('openAccount', (t) =>
  t.field({
    type: Account,
    description:
      'Signed by the new management key itself. CONFLICT when the name or the key is taken, FORBIDDEN as registration says.',
    extensions: registering,
    args: { input: t.arg({ type: OpenAccountInput, required: true }) },
    resolve: (_root, { input }, ctx) => ctx.accounts.open(input),
  }),
)
