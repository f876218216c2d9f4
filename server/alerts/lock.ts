import { eq } from 'drizzle-orm'
import { accounts } from '../../schema/tables/index.ts'
import type { Executor } from '../database/connect.ts'

/** Locks an account's row, so that no alert is raised until the transaction ends. @returns the newest one's position */
export async function lockAlerts({
  tx,
  accountId,
}: {
  readonly tx: Executor
  readonly accountId: string
}): Promise<number> {
  const [account] = await tx
    .select({ newest: accounts.alertPosition })
    .from(accounts)
    .where(eq(accounts.id, accountId))
    .for('no key update')
  if (account === undefined) throw new TypeError('A signer has an account.')
  return account.newest
}
