import type { PruningDatabases } from '../database/pruning.ts'
import { retryDelayMsMax } from './backoff.ts'
import { leaseSeconds } from './lease.ts'

/** A clock that is set back by less than this makes nothing wait long enough to matter. */
const slackSeconds = 60
/** How long a channel gathers alerts for its next message at most. */
export const pauseSecondsMax = 600
/** Failures after which the longest wait no longer grows. */
const failuresMax = 30

/**
 * Shortens waits and leases that end later than any that begins now would: they began while the clock was ahead, and would
 * last until it is there again.
 *
 * @returns false: it leaves nothing for another run
 */
export async function recallWebhooks({ writes }: PruningDatabases): Promise<boolean> {
  await writes.sql`
    WITH far AS (
      SELECT account_id, id, statement_timestamp() AS now, make_interval(secs => least(
        ${retryDelayMsMax(failuresMax) / 1000}::float8,
        ${retryDelayMsMax(1) / 1000}::float8 * 2 ^ (least(attempts, ${failuresMax}) - 1))) AS retry,
        make_interval(secs => CASE WHEN channel_kind IS NULL THEN 0 ELSE ${pauseSecondsMax} END) AS pause
      FROM webhooks
      WHERE due_at IS NOT NULL
    )
    UPDATE webhooks
    SET due_at = least(due_at, now + greatest(retry, pause)),
      paused_until = least(paused_until, now + pause),
      leased_until = CASE WHEN leased_until IS NOT NULL
        THEN least(leased_until, now + make_interval(secs => ${leaseSeconds})) END
    FROM far
    WHERE webhooks.account_id = far.account_id AND webhooks.id = far.id AND (
      due_at > now + greatest(retry, pause) + make_interval(secs => ${slackSeconds})
      OR leased_until > now + make_interval(secs => ${leaseSeconds + slackSeconds}))`
  return false
}
