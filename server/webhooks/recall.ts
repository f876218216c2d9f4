import type { JobDatabases } from '../database/connect.ts'
import { retryDelayMsMax } from './backoff.ts'
import { leaseSeconds } from './lease.ts'

/** A clock that is set back by less than this makes nothing wait long enough to matter. */
const slackSeconds = 60
/** How long a channel gathers alerts for its next message at most. */
export const pauseSecondsMax = 600
/** Failures after which the longest wait no longer grows. */
const failuresMax = 30

/**
 * Shortens waits and leases that end later than any that begins now: they began while the clock was ahead, and would last
 * until it is there again.
 *
 * @returns false: it leaves nothing for another run
 */
export async function recallWebhooks({ writes }: JobDatabases): Promise<boolean> {
  await writes.sql`
    SELECT recall_webhooks(
      ${retryDelayMsMax(1) / 1000}, ${failuresMax}, ${retryDelayMsMax(failuresMax) / 1000},
      ${pauseSecondsMax}, ${leaseSeconds}, ${slackSeconds})`
  return false
}
