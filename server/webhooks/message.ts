import { createHmac } from 'node:crypto'
import { alertIdOf, cursorOf } from '../../schema/graphql/alert.ts'
import type { Alert } from '../../schema/graphql/domain.ts'
import type { WebhookSecret } from './secret.ts'

/** The message that is posted to a receiver. */
export interface WebhookMessage {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * An alert as a message of Standard Webhooks 1.0: its headers, a symmetric signature (`v1`, HMAC-SHA-256 over id,
 * timestamp and body), and a payload of `type`, `timestamp` and `data`. The id is the alert's, as GraphQL shows it, in
 * every attempt: by it a receiver recognises what it has already taken.
 *
 * @param options.sentAt of this attempt; receivers refuse what is minutes away from their clock
 */
export function createWebhookMessage(
  alert: Alert,
  { secret, sentAt }: { readonly secret: WebhookSecret; readonly sentAt: Date },
): WebhookMessage {
  const id = alertIdOf(alert)
  const timestamp = String(Math.floor(sentAt.getTime() / 1000))
  const { kind, accountId, position: _position, acknowledgedAt: _acknowledgedAt, ...facts } = alert
  const body = JSON.stringify({
    type: kind,
    timestamp: alert.occurredAt,
    data: { id, cursor: cursorOf(alert), accountId, kind, ...facts },
  })
  const signature = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')
  return {
    headers: {
      'content-type': 'application/json',
      'user-agent': 'claviger',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signature}`,
    },
    body,
  }
}
