import { and, eq, sql } from 'drizzle-orm'
import { webhooks } from '../../schema/tables/index.ts'
import { lockAlerts } from '../alerts/lock.ts'
import type { Databases } from '../database/connect.ts'
import { runTransaction } from '../database/transaction.ts'
import { raiseChannelChanged } from './channel-changed.ts'
import type { Leased } from './lease.ts'

/**
 * Disables a webhook or channel that this server holds the lease of, until its owner sets it again. The alert about it goes to
 * the owner's other channels.
 */
export async function disable(
  { writes }: Pick<Databases, 'writes'>,
  { account_id: accountId, id, lease }: Leased,
  failure: string,
): Promise<void> {
  await runTransaction(writes.db, async (tx) => {
    await lockAlerts({ tx, accountId })
    const [clock] = await tx.execute<{ now: Date }>(sql`SELECT statement_timestamp() AS now`)
    if (clock === undefined) throw new TypeError('The clock is a row.')
    const now = sql`${clock.now.toISOString()}::timestamptz`
    const [disabled] = await tx
      .update(webhooks)
      .set({
        attempts: sql`${webhooks.attempts} + 1`,
        failingSince: sql`coalesce(${webhooks.failingSince}, ${now})`,
        failure,
        batchEnd: null,
        dueAt: null,
        disabledAt: now,
        lease: null,
        leasedUntil: null,
      })
      .where(and(eq(webhooks.accountId, accountId), eq(webhooks.id, id), eq(webhooks.lease, lease)))
      .returning({ channelKind: webhooks.channelKind })
    if (disabled === undefined) return
    await raiseChannelChanged({ tx, accountId }, { id, kind: disabled.channelKind }, 'DISABLED')
  })
}
