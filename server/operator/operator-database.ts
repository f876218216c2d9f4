import { serverKeySecretOf } from '../server-keys/sealing-secret.ts'
import type { Config } from '../config.ts'
import { connectDatabases, type Databases } from '../database/connect.ts'
import {
  defaultDataDirectory,
  findRunningPostgres,
  hasEmbeddedDatabase,
  startEmbeddedPostgres,
} from '../database/embedded/index.ts'
import { findRoute, type DatabaseRoute } from '../database/route.ts'

/** The database of "claviger serve" with the same environment variables. */
export interface OperatorDatabase {
  /** Behind a pooler, the direct URL: it has the search path, and a command needs no pool. */
  readonly url: string
  readonly route: DatabaseRoute
  /** Seals the keys of the key server. */
  readonly secret: string
  /** Where the embedded PostgreSQL keeps its data; null for an external one. */
  readonly dataDirectory: string | null
}

/**
 * Runs an operator's command on the tables of this version.
 *
 * @throws Error with a message for people, when it is not a database of this version
 */
export async function withDatabase<T>(
  config: Config,
  work: (databases: Databases, secret: string) => Promise<T>,
): Promise<T> {
  return withOperatorDatabase(config, async ({ url, route, secret }) => {
    const databases = connectDatabases({ url, writeConnectionsMax: 1, route })
    try {
      const [found] = await databases.reads.sql<{ exists: boolean }[]>`
        SELECT to_regclass('server_keys') IS NOT NULL AS exists`
      if (found?.exists !== true) {
        throw new Error('This database is not one of this version: run "claviger serve" on it first.')
      }
      return await work(databases, secret)
    } finally {
      await databases.close()
    }
  })
}

interface OpenOptions {
  /** Whether an embedded PostgreSQL that is not there yet is created, and not refused. */
  readonly creates?: boolean | undefined
  /** The programs of another PostgreSQL for the embedded database. */
  readonly programsDirectory?: string | undefined
}

/**
 * Runs an operator's command on a database, whatever is in it.
 *
 * @throws Error with a message for people
 */
export async function withOperatorDatabase<T>(
  config: Config,
  work: (database: OperatorDatabase) => Promise<T>,
  { creates = false, programsDirectory }: OpenOptions = {},
): Promise<T> {
  const { url: ownUrl, dataDirectory, close } = await openDatabase(config, { creates, programsDirectory })
  try {
    const url = config.databaseListenUrl ?? ownUrl
    const secret = serverKeySecretOf({ ...config, databaseUrl: ownUrl })
    return await work({ url, route: await findRoute(url), secret, dataDirectory })
  } finally {
    await close()
  }
}

/** The embedded database usually runs for a key server already; otherwise it runs for as long as the command does. */
async function openDatabase(
  { databaseUrl, dataDirectory: directory }: Config,
  { creates, programsDirectory }: OpenOptions,
): Promise<{ url: string; dataDirectory: string | null; close: () => Promise<void> }> {
  const nothing = () => Promise.resolve()
  if (databaseUrl !== null) return { url: databaseUrl, dataDirectory: null, close: nothing }
  const dataDirectory = directory ?? defaultDataDirectory()
  const url = await findRunningPostgres(dataDirectory)
  if (url !== undefined) return { url, dataDirectory, close: nothing }
  if (!creates && !(await hasEmbeddedDatabase(dataDirectory))) {
    throw new Error(
      `There is no database in ${dataDirectory}: look at DATA_DIR and DATABASE_URL, or run "claviger serve" first.`,
    )
  }
  const embedded = await startEmbeddedPostgres({
    dataDirectory,
    ...(programsDirectory !== undefined && { programsDirectory }),
  })
  return { url: embedded.url, dataDirectory: embedded.directory, close: () => embedded.stop() }
}
