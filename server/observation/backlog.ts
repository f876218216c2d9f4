import { z } from 'zod'
import type { Databases } from '../database/connect.ts'
import { within } from '../database/within.ts'
import type { Backlog } from './prometheus.ts'

/** Readers of metrics wait for 10 seconds, by default. */
const timeoutMs = 3_000
/** A sweep comes every 250 ms; a server that is restarted takes longer. */
const overdueSeconds = 5
/** The highest count, so that a reading costs little however long the backlog is. */
const countMax = 10_000

const backlogRow = z.object({ deadlines: z.number(), webhooks: z.number() })

/** Counts what is due, by the indexes that the work itself uses. @throws Error when the database gives no answer in time */
export async function readBacklog({ reads }: Databases): Promise<Backlog> {
  const [row] = await within(
    timeoutMs,
    reads.sql`SELECT * FROM count_backlog(${overdueSeconds}, ${countMax})`,
  )
  const { deadlines, webhooks } = backlogRow.parse(row)
  return { deadlinesOverdue: deadlines, webhooksDue: webhooks }
}
