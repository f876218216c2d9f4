import { z } from 'zod'
import type { DatabaseNode } from '../database/distribution/nodes.ts'
import { within } from '../database/within.ts'
import type { Backlog } from './prometheus.ts'

/** Readers of metrics wait for 10 seconds, by default. */
const timeoutMs = 3_000
/** A sweep comes every 250 ms; a server that is restarted takes longer. */
const overdueSeconds = 5
/** The highest count, so that counting is cheap however long the backlog is. */
const countMax = 10_000

const backlogRow = z.object({ deadlines: z.number(), webhooks: z.number() })

/** Counts what is due, by the indexes that the work itself uses. @throws Error when no node gives an answer in time */
export async function readBacklog(nodes: readonly DatabaseNode[]): Promise<Backlog> {
  const answers = await Promise.allSettled(nodes.map(readBacklogOf))
  const counted = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
  if (counted.length === 0) throw new Error('No node of the database has answered.')
  return {
    deadlinesOverdue: counted.reduce((sum, { deadlines }) => sum + deadlines, 0),
    webhooksDue: counted.reduce((sum, { webhooks }) => sum + webhooks, 0),
  }
}

async function readBacklogOf({ writes }: DatabaseNode) {
  const [row] = await within(
    timeoutMs,
    writes.sql`SELECT * FROM count_backlog(${overdueSeconds}, ${countMax})`,
  )
  return backlogRow.parse(row)
}
