import { desc, eq } from 'drizzle-orm'
import type { Alert } from '../../schema/graphql/domain.ts'
import { accounts, alerts } from '../../schema/tables/index.ts'
import type { Executor } from '../database/connect.ts'
import { lowWaterMarkOf, StoredList } from '../events/stored-list.ts'
import { selectAlerts, type AlertsAfter } from './alert-rows.ts'

/** The alerts of an account. `selectAfter` may be a prepared statement. */
export function alertList(
  db: Executor,
  accountId: string,
  { selectAfter }: { readonly selectAfter?: AlertsAfter } = {},
): StoredList<Alert> {
  return new StoredList<Alert>({
    selectAfter: (after, limit) =>
      selectAfter?.(accountId, { after, limit }) ?? selectAlerts(db, accountId, { after, limit }),
    selectNewest: async () => {
      const [newest] = await db
        .select({ position: alerts.position, occurredAt: alerts.occurredAt })
        .from(alerts)
        .where(eq(alerts.accountId, accountId))
        .orderBy(desc(alerts.position))
        .limit(1)
      return newest
    },
    selectLowWaterMark: async () => {
      const [account] = await db
        .select({ position: accounts.alertLowWaterMark, at: accounts.alertLowWaterMarkAt })
        .from(accounts)
        .where(eq(accounts.id, accountId))
      return account && lowWaterMarkOf(account)
    },
    expired: 'The alerts after this cursor are no longer kept.',
  })
}
