import { onTestFinished } from 'vitest'
import { pick, pickEach, pickText, succeed } from './operations.ts'
import type { RawKey } from './raw-client.ts'
import { startReceiver, type Receiver } from './webhook-receiver.ts'

export const setWebhookMutation = `mutation ($input: SetWebhookInput!) {
  setWebhook(input: $input) { secret webhook { id url kinds } }
}`

export interface WebhookSet {
  readonly id: string
  /** Null when it was not new. */
  readonly secret: unknown
}

export async function setWebhook(url: string, key: RawKey, input: object): Promise<WebhookSet> {
  const data = await succeed(url, key, { query: setWebhookMutation, variables: { input } })
  return { id: pickText(data, 'setWebhook', 'webhook', 'id'), secret: pick(data, 'setWebhook', 'secret') }
}

/** A receiver that ends with the test. */
export async function receiver(...how: Parameters<typeof startReceiver>): Promise<Receiver> {
  const started = await startReceiver(...how)
  onTestFinished(() => started.close())
  return started
}

export { openSubscriber as openOwner, raise, type Subscriber as Owner } from './realtime.ts'

/** The ids of an account's alerts, oldest first. */
export async function alertIds(url: string, key: RawKey): Promise<string[]> {
  const data = await succeed(url, key, {
    query: `{ account { alerts(first: 100) { edges { node { id } } } } }`,
  })
  const edges = pick(data, 'account', 'alerts', 'edges')
  return Array.isArray(edges) ? edges.map((edge: unknown) => pickText(edge, 'node', 'id')) : []
}

/** The account's webhooks with their state. */
export async function webhooksOf(url: string, key: RawKey): Promise<Record<string, unknown>[]> {
  const data = await succeed(url, key, {
    query: `{ account { webhooks { id url kinds lastDeliveredAt failingSince failure nextAttemptAt disabledAt
      deadLetterCount deadLetters { failure failedAt alert { id } } } } }`,
  })
  return pickEach(pick(data, 'account', 'webhooks')).map((webhook) =>
    Object.fromEntries(Object.entries(webhook ?? {})),
  )
}
