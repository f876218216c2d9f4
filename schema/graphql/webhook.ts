import { Alert, AlertKind } from './alert.ts'
import { builder, signed } from './builder.ts'
import type { Webhook as WebhookShape, WebhookDeadLetter as WebhookDeadLetterShape } from './domain.ts'

const failureDescription =
  'URL_REFUSED, ADDRESS_REFUSED, NAME_NOT_FOUND, CONNECTION_FAILED, TIMED_OUT, REDIRECTED, SECRET_LOST, or HTTP_ and the status of the answer.'

const WebhookDeadLetter = builder.objectRef<WebhookDeadLetterShape>('WebhookDeadLetter').implement({
  description: 'An alert that the receiver did not accept within three days.',
  fields: (t) => ({
    alert: t.expose('alert', { type: Alert }),
    failedAt: t.expose('failedAt', { type: 'DateTime', description: 'The last attempt.' }),
    failure: t.exposeString('failure', { description: failureDescription }),
  }),
})

export const Webhook = builder.objectRef<WebhookShape>('Webhook').implement({
  description:
    "A URL to which alerts are posted as signed messages of Standard Webhooks, in order and at least once; the id of a message is its alert's.",
  fields: (t) => ({
    id: t.exposeID('id'),
    url: t.exposeString('url'),
    kinds: t.field({
      type: [AlertKind],
      nullable: true,
      description: 'Null: all kinds. CHANNEL_CHANGED is sent in any case.',
      resolve: ({ kinds }) => (kinds === null ? null : [...kinds]),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    lastDeliveredAt: t.expose('lastDeliveredAt', { type: 'DateTime', nullable: true }),
    failingSince: t.expose('failingSince', {
      type: 'DateTime',
      nullable: true,
      description: 'The first failed attempt since the last delivery; null when all is well.',
    }),
    failure: t.exposeString('failure', { nullable: true, description: failureDescription }),
    nextAttemptAt: t.expose('nextAttemptAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Null when nothing is waiting.',
    }),
    disabledAt: t.expose('disabledAt', {
      type: 'DateTime',
      nullable: true,
      description: 'The receiver answered 410 Gone. setWebhook and redeliverWebhook enable it again.',
    }),
    deadLetterCount: t.int({ resolve: (webhook, _args, ctx) => ctx.webhooks.countDeadLetters(webhook) }),
    deadLetters: t.field({
      type: [WebhookDeadLetter],
      description: "Oldest first; after is an alert's cursor. At most 100, default 20.",
      args: { first: t.arg.int(), after: t.arg.string() },
      resolve: (webhook, page, ctx) => ctx.webhooks.deadLetters(webhook, page),
    }),
  }),
})

const SetWebhookInput = builder.inputType('SetWebhookInput', {
  fields: (t) => ({
    url: t.string({
      required: true,
      description:
        'https, at most 2000 characters, without credentials and fragment, and of a public address.',
    }),
    kinds: t.field({ type: [AlertKind], description: 'Default: all kinds.' }),
    renewSecret: t.boolean({
      defaultValue: false,
      description: 'Replaces the secret of a webhook that exists, at once.',
    }),
  }),
})

const SetWebhookResult = builder
  .objectRef<{ webhook: WebhookShape; secret: string | null }>('SetWebhookResult')
  .implement({
    fields: (t) => ({
      webhook: t.expose('webhook', { type: Webhook }),
      secret: t.exposeString('secret', {
        nullable: true,
        description:
          'whsec_ and base64: the key that verifies the signatures of the messages. Returned only here and only when it is new.',
      }),
    }),
  })

builder.mutationFields((t) => ({
  setWebhook: t.field({
    type: SetWebhookResult,
    description:
      'Signed. Posts new alerts to a URL. For a URL that the account has already, changes the kinds, and enables it. CONFLICT beyond 5.',
    extensions: signed,
    args: { input: t.arg({ type: SetWebhookInput, required: true }) },
    resolve: (_root, { input }, ctx) => ctx.webhooks.set(input),
  }),
  removeWebhook: t.field({
    type: Webhook,
    description: 'Signed. Nothing more is posted there, and its dead letters are removed.',
    extensions: signed,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, ctx) => ctx.webhooks.remove(id),
  }),
  redeliverWebhook: t.field({
    type: Webhook,
    description:
      'Signed. Tries the waiting alert again at once, then each dead letter once; an accepted dead letter is removed from the list.',
    extensions: signed,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, ctx) => ctx.webhooks.redeliver(id),
  }),
}))
