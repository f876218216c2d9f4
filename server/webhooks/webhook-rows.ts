import { and, asc, eq, gt, isNull, sql, type SQL } from 'drizzle-orm'
import type { Alert, Webhook, WebhookDeadLetter } from '../../schema/graphql/domain.ts'
import { webhookDeadLetters, webhooks } from '../../schema/tables/index.ts'
import { selectAlertsAt } from '../alerts/alert-rows.ts'
import type { Executor } from '../database/connect.ts'

/** A webhook as the API shows it, without its secret. */
export const webhookColumns = {
  accountId: webhooks.accountId,
  id: webhooks.id,
  url: sql<string>`${webhooks.url}`,
  kinds: webhooks.kinds,
  createdAt: webhooks.createdAt,
  lastDeliveredAt: webhooks.lastDeliveredAt,
  failingSince: webhooks.failingSince,
  failure: webhooks.failure,
  nextAttemptAt: webhooks.dueAt,
  disabledAt: webhooks.disabledAt,
}

/** Oldest first. */
export async function selectWebhooks(db: Executor, accountId: string): Promise<Webhook[]> {
  return db
    .select(webhookColumns)
    .from(webhooks)
    .where(and(eq(webhooks.accountId, accountId), isNull(webhooks.channelKind)))
    .orderBy(asc(webhooks.createdAt), asc(webhooks.id))
}

export function isWebhook({ accountId, id }: Pick<Webhook, 'accountId' | 'id'>): SQL | undefined {
  return and(eq(webhooks.accountId, accountId), eq(webhooks.id, id), isNull(webhooks.channelKind))
}

/** Oldest first. One whose alert is just being removed is left out. */
export async function selectDeadLetters(
  db: Executor,
  { accountId, id }: Webhook,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<WebhookDeadLetter[]> {
  const letters = await db
    .select({
      position: webhookDeadLetters.position,
      failedAt: webhookDeadLetters.failedAt,
      failure: webhookDeadLetters.failure,
    })
    .from(webhookDeadLetters)
    .where(and(isLetterOf({ accountId, id }), gt(webhookDeadLetters.position, after)))
    .orderBy(asc(webhookDeadLetters.position))
    .limit(limit)
  const alerts = await selectAlertsAt(
    db,
    accountId,
    letters.map(({ position }) => position),
  )
  const byPosition = new Map<number, Alert>(alerts.map((alert) => [alert.position, alert]))
  return letters.flatMap(({ position, failedAt, failure }) => {
    const alert = byPosition.get(position)
    return alert === undefined ? [] : [{ alert, failedAt, failure }]
  })
}

export async function countDeadLetters(
  db: Executor,
  webhook: Pick<Webhook, 'accountId' | 'id'>,
): Promise<number> {
  const [row] = await db
    .select({ count: sql<number>`count(*)::int` })
    .from(webhookDeadLetters)
    .where(isLetterOf(webhook))
  return row?.count ?? 0
}

export function isLetterOf({ accountId, id }: Pick<Webhook, 'accountId' | 'id'>): SQL | undefined {
  return and(eq(webhookDeadLetters.accountId, accountId), eq(webhookDeadLetters.webhookId, id))
}
