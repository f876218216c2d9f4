import { and, eq, sql } from 'drizzle-orm'
import { webhooks } from '../../schema/tables/index.ts'
import { lockAlerts } from '../alerts/lock.ts'
import type { Databases } from '../database/connect.ts'
import { runTransaction } from '../database/transaction.ts'
import type { LeasedChannel } from '../webhooks/lease.ts'
import { channelColumns, isChannel } from './channel-rows.ts'
import { raiseChannelChanged } from './channels.ts'

/** Ends the delivery to a channel, of whose lease this server is the holder, until its owner adds it again; and tells of it. */
export async function disableChannel(
  { writes }: Pick<Databases, 'writes'>,
  { account_id: accountId, id, lease }: LeasedChannel,
  failure: string,
): Promise<void> {
  await runTransaction(writes.db, async (tx) => {
    await lockAlerts({ tx, accountId })
    const [clock] = await tx.execute<{ now: Date }>(sql`SELECT statement_timestamp() AS now`)
    if (clock === undefined) throw new TypeError('The clock is a row.')
    const now = sql`${clock.now.toISOString()}::timestamptz`
    const [channel] = await tx
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
      .where(and(isChannel({ accountId, id }), eq(webhooks.lease, lease)))
      .returning(channelColumns)
    if (channel !== undefined) await raiseChannelChanged({ tx, accountId }, channel, 'DISABLED')
  })
}
