import { sql } from 'drizzle-orm'
import { lockAlerts } from '../alerts/lock.ts'
import type { Databases } from '../database/connect.ts'
import { runTransaction } from '../database/transaction.ts'
import { raiseChannelChanged } from './channel-changed.ts'
import { leaseSeconds, type LeasedWebhook } from './lease.ts'
import type { WebhookFailure } from './post.ts'

/**
 * Makes a dead letter of an alert, and moves on to the next one. The first dead letter since the receiver's last
 * delivery raises an alert, which goes to the owner's other channels.
 *
 * @returns false, and has changed nothing, when the lease is no longer held
 */
export async function recordDead(
  { writes }: Pick<Databases, 'writes'>,
  { account_id: accountId, id, lease }: LeasedWebhook,
  { position, failure }: { readonly position: number; readonly failure: WebhookFailure },
): Promise<boolean> {
  return runTransaction(writes.db, async (tx) => {
    await lockAlerts({ tx, accountId })
    const [moved] = await tx.execute<{ failing_since: Date | null }>(sql`
      UPDATE webhooks
      SET position = ${position}, attempts = attempts + 1, failure = ${failure},
        leased_until = statement_timestamp() + make_interval(secs => ${leaseSeconds})
      WHERE account_id = ${accountId} AND id = ${id} AND lease = ${lease}
      RETURNING failing_since`)
    if (moved === undefined) return false
    const before = await tx.execute(sql`
      SELECT FROM webhook_dead_letters
      WHERE account_id = ${accountId} AND webhook_id = ${id}
        AND failed_at >= ${moved.failing_since?.toISOString() ?? null}::timestamptz
      LIMIT 1`)
    await tx.execute(sql`
      INSERT INTO webhook_dead_letters (account_id, webhook_id, position, failed_at, failure)
      VALUES (${accountId}, ${id}, ${position}, statement_timestamp(), ${failure})`)
    if (before.length === 0) {
      await raiseChannelChanged({ tx, accountId }, { id, kind: null }, 'FAILING')
    }
    return true
  })
}
