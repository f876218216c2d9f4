import type { Databases } from '../database/connect.ts'

/** Deadlines that one statement takes. */
const batchMax = 1000

/**
 * Stores the alerts of deadlines that are due. Any number of servers may do so at once, each deadline is taken by one.
 *
 * @returns whether there may be more of them
 */
export async function sweepDeadlines({ writes }: Databases): Promise<boolean> {
  const [row] = await writes.sql<{ taken: number }[]>`SELECT sweep_deadlines(${batchMax}) AS taken`
  return row?.taken === batchMax
}
