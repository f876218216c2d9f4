import {
  inspectDatabase,
  runsTransactions,
  sharesSessions,
  type DatabaseRoute,
  type DatabaseSettings,
} from './route.ts'

const oldestMajor = 15
const newestMajor = 18

/** The addresses of one database. */
export interface DatabaseAddresses {
  readonly databaseUrl: string
  /** For LISTEN and migrations; the same one where there is no pooler. */
  readonly listenUrl: string
}

export interface FoundDatabase {
  readonly route: DatabaseRoute
  readonly listenRoute: DatabaseRoute
}

/**
 * Finds the routes to a database and checks the requirements of this server. Acknowledged writes are durable here, so a
 * database that may lose what it acknowledged is refused.
 *
 * @throws Error of the connection, or with all unmet requirements, a line each
 */
export async function findDatabase({ databaseUrl, listenUrl }: DatabaseAddresses): Promise<FoundDatabase> {
  const found = await inspectDatabase(databaseUrl)
  const { route, settings } = found
  const { route: listenRoute, settings: listening } =
    listenUrl === databaseUrl ? found : await inspectDatabase(listenUrl)
  await assertTransactions(databaseUrl, { ...route, ...settings })
  await assertTransactions(listenUrl, { ...listenRoute, ...listening })
  const isShared = listenRoute.isPooled && !listening.is_in_recovery && (await sharesSessions(listenUrl))
  const problems = [
    ...unmetBy(settings, route),
    listening.identity !== settings.identity &&
      'DATABASE_LISTEN_URL leads to another database than DATABASE_URL.',
    isShared &&
      'LISTEN delivers nothing through a pooler that shares sessions (PgBouncer: pool_mode = transaction): set ' +
        'DATABASE_LISTEN_URL to a direct connection to the same database.',
  ].filter((problem) => problem !== false)
  if (problems.length > 0) throw new Error(problems.join('\n'))
  // Only the direct connection has the search path that the operator has set.
  const { schema } = route.isPooled ? listenRoute : route
  return { route: { ...route, schema }, listenRoute: { ...listenRoute, schema } }
}

/** Requirements, in words, that a PostgreSQL which is a part of a database does not meet. @throws Error of the connection */
export async function findUnmet(url: string): Promise<string[]> {
  const { route, settings } = await inspectDatabase(url)
  return unmetBy(settings, route).filter((problem) => problem !== false)
}

async function assertTransactions(
  url: string,
  { isPooled, is_in_recovery: isInRecovery }: Pick<DatabaseRoute, 'isPooled'> & DatabaseSettings,
): Promise<void> {
  // A standby refuses them for a reason of its own.
  if (!isPooled || isInRecovery || (await runsTransactions(url))) return
  throw new Error(
    'The pooler before PostgreSQL takes no transactions (PgBouncer: pool_mode = statement): set its pool_mode to ' +
      'transaction or session.',
  )
}

function unmetBy(
  settings: DatabaseSettings,
  { majorVersion, synchronousCommit }: DatabaseRoute,
): (string | false)[] {
  return [
    majorVersion < oldestMajor &&
      `PostgreSQL ${String(majorVersion)} is too old: ${String(oldestMajor)} to ${String(newestMajor)} are supported.`,
    settings.fsync === 'off' && 'PostgreSQL runs with fsync = off and may lose what it acknowledged.',
    synchronousCommit === 'off' &&
      'PostgreSQL runs with synchronous_commit = off and may lose what it acknowledged.',
    settings.server_encoding !== 'UTF8' && 'The database must have the encoding UTF8.',
    settings.session_replication_role !== 'origin' &&
      `Under session_replication_role = ${settings.session_replication_role} no trigger and no foreign key works.`,
    settings.is_in_recovery && 'DATABASE_URL leads to a standby, which cannot be written to.',
  ]
}
