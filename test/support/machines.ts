import postgres from 'postgres'
import { connectDatabases, type Databases } from '../../server/database/connect.ts'
import { isOnCitus, nodesOf, urlOfNode } from './citus.ts'

/** Runs a job as key servers do, on each machine that holds a part of a database, until it has no more to do. */
export async function runOnMachines(
  databaseUrl: string,
  job: (databases: Databases) => Promise<boolean>,
): Promise<void> {
  for (const url of await machinesOf(databaseUrl)) {
    const databases = connectDatabases({ url, writeConnectionsMax: 2 })
    try {
      while (await job(databases));
    } finally {
      await databases.close()
    }
  }
}

/** How many sessions wait for a lock, on all machines of a database. @param options.cancels has PostgreSQL cancel their statements */
export async function countWaiting(databaseUrl: string, { cancels = false } = {}): Promise<number> {
  let count = 0
  for (const url of await machinesOf(databaseUrl)) {
    const sql = postgres(url, { max: 1, onnotice: () => undefined })
    try {
      const waiting = await sql`
        SELECT CASE WHEN ${cancels} THEN pg_cancel_backend(pid) END FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`
      count += waiting.length
    } finally {
      await sql.end({ timeout: 5 })
    }
  }
  return count
}

/** Addresses of this database on each machine that holds a part of it. */
export async function machinesOf(url: string): Promise<string[]> {
  if (!isOnCitus) return [url]
  const [, ...workers] = await nodesOf(url)
  return workers.map((worker) => urlOfNode(url, worker, new URL(url).pathname.slice(1)))
}
