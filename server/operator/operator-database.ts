import { serverKeySecretOf } from '../server-keys/sealing-secret.ts'
import type { Config } from '../config.ts'
import { connectDatabases, type Databases } from '../database/connect.ts'
import {
  defaultDataDirectory,
  findRunningPostgres,
  startEmbeddedPostgres,
} from '../database/embedded/index.ts'
import { findRoute } from '../database/route.ts'

/**
 * Runs an operator's command on the database of "claviger serve" with the same environment variables.
 *
 * @throws Error with a message for people, when it is not a database of this version
 */
export async function withDatabase<T>(
  config: Config,
  work: (databases: Databases, secret: string) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(config)
  // Behind a pooler, the direct URL: it has the search path, and a command needs no pool.
  const url = config.databaseListenUrl ?? database.url
  const route = await findRoute(url).catch(async (error: unknown) => {
    await database.close()
    throw error
  })
  const databases = connectDatabases({ url, writeConnectionsMax: 1, route })
  try {
    const [found] = await databases.reads.sql<{ exists: boolean }[]>`
      SELECT to_regclass('server_keys') IS NOT NULL AS exists`
    if (found?.exists !== true) {
      throw new Error('This database is not one of this version: run "claviger serve" on it first.')
    }
    return await work(databases, serverKeySecretOf({ ...config, databaseUrl: database.url }))
  } finally {
    await databases.close()
    await database.close()
  }
}

/** The embedded database usually runs for a key server already; otherwise it runs for as long as the command does. */
async function openDatabase({
  databaseUrl,
  dataDirectory,
}: Config): Promise<{ url: string; close: () => Promise<void> }> {
  const url = databaseUrl ?? (await findRunningPostgres(dataDirectory ?? defaultDataDirectory()))
  if (url !== undefined) return { url, close: () => Promise.resolve() }
  const embedded = await startEmbeddedPostgres({ dataDirectory: dataDirectory ?? defaultDataDirectory() })
  return { url: embedded.url, close: () => embedded.stop() }
}
