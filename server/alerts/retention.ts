import { eq } from 'drizzle-orm'
import type { Alert } from '../../schema/graphql/domain.ts'
import { accounts } from '../../schema/tables/index.ts'
import { KeyServerError } from '../../schema/wire/errors.ts'
import type { Databases, Executor } from '../database/connect.ts'

/** Alerts that one statement removes, about. */
const batchMax = 2000

/**
 * Removes alerts that are older than `retentionDays`, and raises their accounts' floors in the same statement. Any
 * number of servers may do so at once; none of them waits for a lock.
 *
 * @returns whether there may be more of them
 */
export async function pruneAlerts(
  { writes }: Databases,
  { retentionDays }: { readonly retentionDays: number },
): Promise<boolean> {
  const [row] = await writes.sql<{ removed: number }[]>`
    SELECT prune_alerts(${retentionDays}, ${batchMax}) AS removed`
  return row !== undefined && row.removed >= batchMax
}

/** A cursor whose next alert is gone: whoever went on from it would miss alerts without knowing. */
export function cursorExpired(): KeyServerError {
  return new KeyServerError('CURSOR_EXPIRED', 'The alerts after this cursor are no longer kept.')
}

/**
 * Asserts that no alert was removed between a position and the alerts that were read after it, all kinds of them: the
 * positions of an account have no gaps.
 *
 * @throws {KeyServerError} CURSOR_EXPIRED
 */
export function assertNoneRemoved(position: number, [next]: readonly Alert[]): void {
  if (next !== undefined && next.position > position + 1) throw cursorExpired()
}

/** Asserts that the alerts after a position are kept. @throws {KeyServerError} CURSOR_EXPIRED */
export async function assertKept(db: Executor, accountId: string, position: number): Promise<void> {
  const [account] = await db
    .select({ floor: accounts.alertFloor })
    .from(accounts)
    .where(eq(accounts.id, accountId))
  if (account !== undefined && position < account.floor) throw cursorExpired()
}
