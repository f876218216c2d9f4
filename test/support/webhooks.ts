import { onTestFinished } from 'vitest'
import { pick, pickEach, pickText, succeed, type World } from './operations.ts'
import { openAccount, storeKey, type RawAccount, type RawKey } from './raw-client.ts'
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

export interface Owner extends RawAccount {
  readonly keyId: string
}

export async function openOwner(url: string): Promise<Owner> {
  const account = await openAccount(url)
  return { ...account, keyId: (await storeKey(url, account.key)).id }
}

/** Stores alerts in the way that all causes do, each in a transaction of its own. */
export async function raise(
  { sql }: Pick<World, 'sql'>,
  { name, keyId }: Owner,
  { count = 1, kind = 'KEY_REVOKED' }: { count?: number; kind?: 'KEY_REVOKED' | 'KEY_EXPIRED' } = {},
): Promise<void> {
  const details = { reason: 'UNSPECIFIED', expiresAt: '2030-01-01T00:00:00.000Z' }
  for (let raised = 0; raised < count; raised++) {
    await sql`SELECT raise_alert(id, ${kind}, ${keyId}, NULL, ${sql.json(details)}) FROM accounts WHERE name = ${name}`
  }
}

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
