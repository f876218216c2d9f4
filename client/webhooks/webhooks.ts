import type { Session } from '../trust/session.ts'
import type { ResponseReader } from '../transport/response-reader.ts'
import type { Operation } from '../transport/graphql.ts'
import type { AlertKind } from '../../schema/wire/enums.ts'

/** A URL that the key server posts the account's alerts to, and the state of its deliveries. */
export interface Webhook {
  /** UUID. */
  readonly id: string
  readonly url: string
  /** {@link AlertKind}s, also those that this version does not know; null: all. */
  readonly kinds: readonly string[] | null
  readonly createdAt: Date
  readonly lastDeliveredAt: Date | null
  /** The first failed attempt since the last delivery; null: no attempt has failed since. */
  readonly failingSince: Date | null
  /** The failure of the last failed attempt, e.g. `TIMED_OUT` or `HTTP_503`. */
  readonly failure: string | null
  /** Null when no alert is waiting. */
  readonly nextAttemptAt: Date | null
  /** The receiver answered 410 Gone: nothing is posted there until the webhook is set or redelivered. */
  readonly disabledAt: Date | null
  /** The number of alerts that could not be delivered for three days. */
  readonly deadLetterCount: number
}

export interface SetWebhookOptions {
  /** The alerts to post. Default: all. */
  readonly kinds?: readonly AlertKind[] | undefined
  /** Replaces the secret of an existing webhook at once. Default: false. */
  readonly renewSecret?: boolean | undefined
}

export interface WebhookSet {
  readonly webhook: Webhook
  /**
   * `whsec_` and base64: the receiver verifies the messages' signatures with it (Standard Webhooks). It is returned only when
   * it is new; null for an existing webhook.
   */
  readonly secret: string | null
}

const webhookFields = /* GraphQL */ `
  id url kinds createdAt lastDeliveredAt failingSince failure nextAttemptAt disabledAt deadLetterCount
`

/** The account's webhooks, oldest first. */
export function readWebhooks(session: Session): Promise<Webhook[]> {
  return session.keyServer.run(webhooks)
}

export function setWebhook(
  session: Session,
  url: string,
  { kinds, renewSecret }: SetWebhookOptions = {},
): Promise<WebhookSet> {
  return session.keyServer.run(setWebhookOperation, { input: { url, kinds, renewSecret } })
}

export function removeWebhook(session: Session, id: string): Promise<Webhook> {
  return session.keyServer.run(removeWebhookOperation, { id })
}

export function redeliverWebhook(session: Session, id: string): Promise<Webhook> {
  return session.keyServer.run(redeliverWebhookOperation, { id })
}

const webhooks: Operation<Webhook[]> = {
  kind: 'query',
  document: `query Webhooks { account { webhooks { ${webhookFields} } } }`,
  parse: (data) => data.object('account').list('webhooks').map(parseWebhook),
}

const setWebhookOperation: Operation<WebhookSet> = {
  kind: 'mutation',
  document: /* GraphQL */ `
    mutation SetWebhook($input: SetWebhookInput!) {
      setWebhook(input: $input) { secret webhook { ${webhookFields} } }
    }
  `,
  parse: (data) => {
    const answer = data.object('setWebhook')
    return { webhook: parseWebhook(answer.object('webhook')), secret: answer.textOrNull('secret') }
  },
}

const removeWebhookOperation: Operation<Webhook> = {
  kind: 'mutation',
  document: `mutation RemoveWebhook($id: ID!) { removeWebhook(id: $id) { ${webhookFields} } }`,
  parse: (data) => parseWebhook(data.object('removeWebhook')),
}

const redeliverWebhookOperation: Operation<Webhook> = {
  kind: 'mutation',
  document: `mutation RedeliverWebhook($id: ID!) { redeliverWebhook(id: $id) { ${webhookFields} } }`,
  parse: (data) => parseWebhook(data.object('redeliverWebhook')),
}

function parseWebhook(answer: ResponseReader): Webhook {
  return {
    id: answer.text('id'),
    url: answer.text('url'),
    kinds: answer.textsOrNull('kinds'),
    createdAt: answer.instant('createdAt'),
    lastDeliveredAt: answer.instantOrNull('lastDeliveredAt'),
    failingSince: answer.instantOrNull('failingSince'),
    failure: answer.textOrNull('failure'),
    nextAttemptAt: answer.instantOrNull('nextAttemptAt'),
    disabledAt: answer.instantOrNull('disabledAt'),
    deadLetterCount: answer.integer('deadLetterCount'),
  }
}
