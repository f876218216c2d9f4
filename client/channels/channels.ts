import type { AlertKind, ChannelKind, ChannelLanguage } from '../../schema/wire/enums.ts'
import type { Operation } from '../transport/graphql.ts'
import type { ResponseReader } from '../transport/response-reader.ts'
import type { Session } from '../trust/session.ts'

/** A channel that takes the account's alerts to a person: e-mail, or a message in Slack, Teams, Discord or ntfy. */
export interface Channel {
  /** UUID. */
  readonly id: string
  /** {@link ChannelKind}, also one that this version does not know. */
  readonly kind: string
  /** An address or a URL; null when the key server can no longer read it. */
  readonly target: string | null
  /** {@link AlertKind}s, also those that this version does not know; null: all. */
  readonly kinds: readonly string[] | null
  /** {@link ChannelLanguage}, also one that this version does not know. */
  readonly language: string
  readonly createdAt: Date
  /** False for an e-mail address until the link in the confirmation mail is followed; no alert is sent there before. */
  readonly isConfirmed: boolean
  readonly lastDeliveredAt: Date | null
  /** The first failed attempt since the last delivery; null: no attempt has failed since. */
  readonly failingSince: Date | null
  /** The failure of the last failed attempt, e.g. `RECIPIENT_REFUSED` or `HTTP_404`. */
  readonly failure: string | null
  /** Null when nothing is waiting. */
  readonly nextAttemptAt: Date | null
  /** The messages are refused for good: nothing is sent there until the channel is added again. */
  readonly disabledAt: Date | null
}

export interface AddChannelOptions {
  /** The alerts to send. Default: all. Changes of channels are sent in any case. */
  readonly kinds?: readonly AlertKind[] | undefined
  /** Default: `EN`. */
  readonly language?: ChannelLanguage | undefined
}

const channelFields = /* GraphQL */ `
  id kind target kinds language createdAt isConfirmed lastDeliveredAt failingSince failure nextAttemptAt disabledAt
`

/** The account's channels, oldest first. */
export function readChannels(session: Session): Promise<Channel[]> {
  return session.keyServer.run(channels)
}

export function addChannel(
  session: Session,
  channel: { readonly kind: ChannelKind; readonly target: string } & AddChannelOptions,
): Promise<Channel> {
  return session.keyServer.run(addChannelOperation, { input: channel })
}

export function removeChannel(session: Session, id: string): Promise<Channel> {
  return session.keyServer.run(removeChannelOperation, { id })
}

const channels: Operation<Channel[]> = {
  kind: 'query',
  document: `query Channels { account { channels { ${channelFields} } } }`,
  parse: (data) => data.object('account').list('channels').map(parseChannel),
}

const addChannelOperation: Operation<Channel> = {
  kind: 'mutation',
  document: `mutation AddChannel($input: AddChannelInput!) { addChannel(input: $input) { ${channelFields} } }`,
  parse: (data) => parseChannel(data.object('addChannel')),
}

const removeChannelOperation: Operation<Channel> = {
  kind: 'mutation',
  document: `mutation RemoveChannel($id: ID!) { removeChannel(id: $id) { ${channelFields} } }`,
  parse: (data) => parseChannel(data.object('removeChannel')),
}

function parseChannel(answer: ResponseReader): Channel {
  return {
    id: answer.text('id'),
    kind: answer.text('kind'),
    target: answer.textOrNull('target'),
    kinds: answer.textsOrNull('kinds'),
    language: answer.text('language'),
    createdAt: answer.instant('createdAt'),
    isConfirmed: answer.boolean('isConfirmed'),
    lastDeliveredAt: answer.instantOrNull('lastDeliveredAt'),
    failingSince: answer.instantOrNull('failingSince'),
    failure: answer.textOrNull('failure'),
    nextAttemptAt: answer.instantOrNull('nextAttemptAt'),
    disabledAt: answer.instantOrNull('disabledAt'),
  }
}
