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

async function machinesOf(url: string): Promise<string[]> {
  if (!isOnCitus) return [url]
  const [, ...workers] = await nodesOf(url)
  return workers.map((worker) => urlOfNode(url, worker, new URL(url).pathname.slice(1)))
}
