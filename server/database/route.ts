import type postgres from 'postgres'
import { connectTransiently } from './connect.ts'
import { codesOf } from './error-codes.ts'
import { isConnectionLost } from './lost-connection.ts'
import { transact } from './transact.ts'
import { within } from './within.ts'

/** Facts found at start: whether there is a pooler in front of the database, and which schema has the tables. */
export interface DatabaseRoute {
  /** Something hands our sessions on, such as PgBouncer: of two transactions each may run in another session. */
  readonly isPooled: boolean
  /** The schema of the tables. */
  readonly schema: string
  /** PostgreSQL's major version, e.g. 15. */
  readonly majorVersion: number
  /** How far a commit waits, as database and role had it at start, e.g. `on`. */
  readonly synchronousCommit: string
}

/** A direct connection to tables in `public`. */
export const plainRoute: DatabaseRoute = {
  isPooled: false,
  schema: 'public',
  majorVersion: 15,
  synchronousCommit: 'on',
}

const answerMsMax = 20_000

/** Settings that a key server asks something of. */
export interface DatabaseSettings {
  readonly fsync: string
  readonly server_encoding: string
  readonly session_replication_role: string
  readonly is_in_recovery: boolean
  /** The same for two addresses of one database. */
  readonly identity: string
}

/** Finds the route to a database. @throws as {@link inspectDatabase} does */
export async function findRoute(url: string): Promise<DatabaseRoute> {
  return (await inspectDatabase(url)).route
}

/**
 * Finds the route to a database, and its settings. The schema is the first one on the search path in which the tables are, else
 * `public` when they are there; before the first migration the first one that may be written.
 *
 * @throws Error of the connection, or in words
 */
export async function inspectDatabase(
  url: string,
): Promise<{ readonly route: DatabaseRoute; readonly settings: DatabaseSettings }> {
  const isPooled = await findPooler(url)
  const [row] = await inspect<RouteRow>(
    { url, isPooled },
    `WITH path AS (
      SELECT s.oid, s.nspname, listed.place
      FROM unnest(current_schemas(false) || 'public'::name) WITH ORDINALITY AS listed (name, place)
      JOIN pg_namespace s ON s.nspname = listed.name
    ), known AS (
      SELECT nspname FROM path
      WHERE EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = path.oid AND c.relname = 'transaction_key_usage')
      ORDER BY place LIMIT 1
    ), writable AS (
      SELECT nspname FROM path WHERE has_schema_privilege(oid, 'CREATE') ORDER BY place LIMIT 1
    )
    SELECT current_setting('server_version_num')::int / 10000 AS major_version,
      current_setting('synchronous_commit') AS synchronous_commit,
      coalesce((SELECT nspname FROM known), (SELECT nspname FROM writable), 'public')::text AS schema,
      current_setting('fsync') AS fsync, current_setting('server_encoding') AS server_encoding,
      current_setting('session_replication_role') AS session_replication_role,
      pg_is_in_recovery() AS is_in_recovery,
      current_database() || ' ' || extract(epoch FROM pg_postmaster_start_time()) AS identity`,
  )
  if (row === undefined) throw new Error('PostgreSQL did not answer which database this is.')
  const { schema, major_version: majorVersion, synchronous_commit: synchronousCommit, ...settings } = row
  return { route: { isPooled, schema, majorVersion, synchronousCommit }, settings }
}

interface RouteRow extends DatabaseSettings {
  readonly major_version: number
  readonly schema: string
  readonly synchronous_commit: string
}

/** Through a pooler a transaction begins under the role's own time-outs, and takes a round trip to set ours. */
const timeoutMsMin = 100
/** A time-out of a millisecond is not always met. */
const attemptsMax = 5

/**
 * Whether there is a pooler between. PostgreSQL tells each client the process id of its backend at the login; a pooler tells
 * an id of its own, so that it can cancel statements on whichever backend they run.
 */
async function findPooler(url: string): Promise<boolean> {
  return connectTransiently({ url }, async (sql) => {
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await within(
          answerMsMax,
          sql<SessionRow[]>`SELECT pg_backend_pid() AS pid, ${milliseconds(sql)}`,
        )
        const [row] = answer
        const isPooled = row?.pid !== answer.state.pid
        const short = Object.entries(row ?? {}).filter(
          ([name, ms]) => name !== 'pid' && ms > 0 && ms < timeoutMsMin,
        )
        if (!isPooled || short.length === 0) return isPooled
        throw new Error(
          short
            .map(([name, ms]) => `${name} = ${String(ms)} ms is too short behind a pooler: ${least}.`)
            .join('\n'),
        )
      } catch (error) {
        if (!codesOf(error).includes('57014')) throw error
        if (attempt === attemptsMax) {
          throw new Error(`The statement_timeout of this database or role is too short: ${least}.`, {
            cause: error,
          })
        }
      }
    }
  })
}

const least = `at least ${String(timeoutMsMin)} ms, or 0`

interface SessionRow {
  readonly pid: number
  readonly statement_timeout: number
  readonly idle_in_transaction_session_timeout: number
  readonly transaction_timeout: number
}

function milliseconds(sql: postgres.Sql) {
  // PostgreSQL 17 has the last one.
  const [statement, idle, transaction] = [
    'statement_timeout',
    'idle_in_transaction_session_timeout',
    'transaction_timeout',
  ].map((name) =>
    sql.unsafe(
      `(extract(epoch FROM coalesce(current_setting('${name}', true), '0')::interval) * 1000)::float8 AS ${name}`,
    ),
  )
  return sql`${statement ?? ''}, ${idle ?? ''}, ${transaction ?? ''}`
}

/** Runs one query, with the settings of database, role and pooler, except for the time-outs. */
async function inspect<Row extends postgres.MaybeRow>(
  { url, isPooled }: { readonly url: string; readonly isPooled: boolean },
  question: string,
): Promise<Row[]> {
  const settings = isPooled ? {} : { statement_timeout: String(answerMsMax) }
  return connectTransiently({ url, settings }, async (sql) => [
    ...(await within(answerMsMax, sql.unsafe<Row[]>(question))),
  ])
}

/**
 * Whether a pooler gives a transaction a session for itself. PgBouncer that pools by statement closes the connection at BEGIN.
 *
 * @throws Error of the connection, when it takes no single statement either
 */
export async function runsTransactions(url: string): Promise<boolean> {
  // A connection may be lost for another reason, once.
  for (let attempt = 0; attempt < 2; attempt++) {
    const isRun = await connectTransiently({ url }, (sql) =>
      transact(sql, (run) => run(backendOf), { timeoutMs: answerMsMax }).then(
        () => true,
        (error: unknown) => {
          if (!isConnectionLost(error)) throw error
          return false
        },
      ),
    )
    if (isRun) return true
    await inspect({ url, isPooled: true }, 'SELECT')
  }
  return false
}

/** Attempts of {@link sharesSessions}: others may use the pooler at the same time. */
const turns = 4

/**
 * Whether a pooler gives one session to several of its clients, transaction by transaction. LISTEN needs one that does not.
 * The sign of it: while one client keeps its connection, another one is given its backend.
 */
export async function sharesSessions(url: string): Promise<boolean> {
  return connectTransiently({ url }, (first) =>
    connectTransiently({ url }, async (second) => {
      for (let turn = 0; turn < turns; turn++) {
        const before = await within(answerMsMax, backendOf(first))
        const isSeen = await transact(
          second,
          async (run) =>
            (await run(backendOf)) === before || (await within(answerMsMax, backendOf(first))) !== before,
          { timeoutMs: answerMsMax },
        )
        if (isSeen) return true
      }
      return false
    }),
  )
}

async function backendOf(sql: postgres.Sql | postgres.TransactionSql): Promise<number | undefined> {
  const [row] = await sql<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`
  return row?.pid
}
