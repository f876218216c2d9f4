import type postgres from 'postgres'
import type { LeasedWebhook } from './lease.ts'
import type { WebhookFailure } from './post.ts'

/*
 * Dead letters that the owner asked for again, as the holder of the webhook's lease sees them.
 */

/** The position of the oldest one; null when there is none. */
export async function nextAskedLetter(
  sql: postgres.Sql,
  { account_id, id }: LeasedWebhook,
): Promise<number | null> {
  const [letter] = await sql<{ position: string }[]>`
    SELECT position::text FROM webhook_dead_letters
    WHERE account_id = ${account_id} AND webhook_id = ${id} AND is_redelivery_asked
    ORDER BY position LIMIT 1`
  return letter === undefined ? null : Number(letter.position)
}

/**
 * Clears the owner's request, before the letters are read: one that comes later sets it again.
 *
 * @returns whether the lease is still held
 */
export async function takeRedelivery(sql: postgres.Sql, webhook: LeasedWebhook): Promise<boolean> {
  const rows = await sql`
    UPDATE webhooks SET is_redelivery_asked = false
    WHERE account_id = ${webhook.account_id} AND id = ${webhook.id} AND lease = ${webhook.lease}`
  return rows.count === 1
}

/** Keeps the owner's request, because there was no time for all letters. */
export async function postponeRedelivery(sql: postgres.Sql, webhook: LeasedWebhook): Promise<void> {
  await sql`
    UPDATE webhooks SET is_redelivery_asked = true
    WHERE account_id = ${webhook.account_id} AND id = ${webhook.id} AND lease = ${webhook.lease}`
}

/** Removes a letter that the receiver has taken at last, or keeps it with its newest failure. */
export async function recordRedelivered(
  sql: postgres.Sql,
  webhook: LeasedWebhook,
  { position, failure }: { readonly position: number; readonly failure: WebhookFailure | null },
): Promise<void> {
  const { account_id, id } = webhook
  if (failure === null) {
    // One after the other: whoever asks for letters locks the webhook first and then the letters.
    await sql`
      UPDATE webhooks SET last_delivered_at = statement_timestamp()
      WHERE account_id = ${account_id} AND id = ${id} AND lease = ${webhook.lease}`
    await sql`
      DELETE FROM webhook_dead_letters
      WHERE account_id = ${account_id} AND webhook_id = ${id} AND position = ${position}`
  } else {
    await sql`
      UPDATE webhook_dead_letters
      SET is_redelivery_asked = false, failed_at = statement_timestamp(), failure = ${failure}
      WHERE account_id = ${account_id} AND webhook_id = ${id} AND position = ${position}`
  }
}
