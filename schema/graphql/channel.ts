import { AlertKind, ChannelKind } from './alert.ts'
import { builder, signed } from './builder.ts'
import type { Channel as ChannelShape } from './domain.ts'
import { channelLanguages } from '../wire/enums.ts'

const ChannelLanguage = builder.enumType('ChannelLanguage', { values: channelLanguages })

export const Channel = builder.objectRef<ChannelShape>('Channel').implement({
  description:
    'Takes alerts to a person: by e-mail, or as a message in Slack, Teams, Discord or ntfy. A message tells of all alerts that have come since the one before.',
  fields: (t) => ({
    id: t.exposeID('id'),
    kind: t.expose('kind', { type: ChannelKind }),
    target: t.exposeString('target', {
      nullable: true,
      description: 'An address or a URL. Null when the key server can no longer open it.',
    }),
    kinds: t.field({
      type: [AlertKind],
      nullable: true,
      description: 'Null: all kinds. CHANNEL_CHANGED is sent in any case.',
      resolve: ({ kinds }) => (kinds === null ? null : [...kinds]),
    }),
    language: t.expose('language', { type: ChannelLanguage }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    isConfirmed: t.exposeBoolean('isConfirmed', {
      description:
        'Nothing but the confirmation mail is sent to an address before. One that is not confirmed within 24 hours is erased.',
    }),
    lastDeliveredAt: t.expose('lastDeliveredAt', { type: 'DateTime', nullable: true }),
    failingSince: t.expose('failingSince', {
      type: 'DateTime',
      nullable: true,
      description: 'The first failed attempt since the last delivery; null when all is well.',
    }),
    failure: t.exposeString('failure', {
      nullable: true,
      description:
        'Those of a webhook; for e-mail MAIL_SERVER_UNREACHABLE, MAIL_SERVER_TLS, MAIL_SERVER_LOGIN, SENDER_REFUSED, RECIPIENT_REFUSED, MESSAGE_REFUSED, MAIL_SERVER_ERROR or MAIL_OFF.',
    }),
    nextAttemptAt: t.expose('nextAttemptAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Null when nothing is waiting.',
    }),
    disabledAt: t.expose('disabledAt', {
      type: 'DateTime',
      nullable: true,
      description: 'The messages are refused for good. addChannel enables it again.',
    }),
  }),
})

const AddChannelInput = builder.inputType('AddChannelInput', {
  fields: (t) => ({
    kind: t.field({ type: ChannelKind, required: true }),
    target: t.string({
      required: true,
      description:
        'EMAIL: an address. SLACK, TEAMS, DISCORD: the URL of an incoming webhook. NTFY: the URL of a topic. A URL is as one of setWebhook.',
    }),
    kinds: t.field({ type: [AlertKind], description: 'Default: all kinds.' }),
    language: t.field({ type: ChannelLanguage, description: 'Default: EN.' }),
  }),
})

builder.mutationFields((t) => ({
  addChannel: t.field({
    type: Channel,
    description: `\
Signed. Sends new alerts there, an e-mail address once it is confirmed. For a target that the account has already, changes kinds and
language, enables it, and sends another confirmation mail if it is not confirmed. CONFLICT beyond 5; RATE_LIMITED for confirmation
mails; BAD_USER_INPUT also for EMAIL where the key server sends no mail.`,
    extensions: signed,
    args: { input: t.arg({ type: AddChannelInput, required: true }) },
    resolve: (_root, { input }, ctx) => ctx.channels.add(input),
  }),
  removeChannel: t.field({
    type: Channel,
    description:
      'Signed. One message more is sent there, which says so; then its target is erased, after 24 hours at the latest.',
    extensions: signed,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, ctx) => ctx.channels.remove(id),
  }),
}))
