import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import type postgres from 'postgres'
import * as tables from '../../schema/tables/index.ts'
import { arrayTypes } from './array-types.ts'
import { readInstants } from './instants.ts'
import { openPostgres } from './open-postgres.ts'
import { createRenewedPool } from './renewed-pool.ts'
import { plainRoute, type DatabaseRoute } from './route.ts'
import { sessionSettings, settingStatement, transactionSettings } from './settings.ts'
import { performStatements } from './statements.ts'
import { troubleOf, type DatabaseTrouble } from './trouble.ts'

/** Connections, and the settings that each transaction on them begins with. */
export interface Pool extends postgres.Sql {
  /** The statement that pins the settings until the transaction's end; null when sessions are ours and have them. */
  readonly settingStatement: string | null
  /** Told of each statement and transaction that fails. */
  readonly noteFailure: (error: unknown) => void
  /** The statements and transactions under way on it. */
  readonly load: PoolLoad
}

/** Shared by the pools that replace each other. */
export interface PoolLoad {
  /** Statements and transactions that are under way or wait for a connection. */
  inFlight: number
}

export type Database = PostgresJsDatabase<typeof tables> & { readonly $client: Pool }

/** A database or a transaction on it: what a query can run on. */
export type Executor = Pick<Database, 'select' | 'insert' | 'update' | 'delete' | 'execute'>

/** A pool, and what runs statements on it. */
export interface OpenPool {
  readonly sql: postgres.Sql
  readonly db: Database
  readonly connectionsMax: number
  readonly load: Readonly<PoolLoad>
}

/**
 * The server's connections. Reads share few connections, which postgres.js pipelines; writes wait for the disk and so
 * each want a connection of their own. Statements on `sql` are prepared by postgres.js, those on `db` only with
 * `.prepare(name)`; through a pooler none is, and each statement is a transaction that pins its settings.
 */
export interface Databases {
  readonly reads: OpenPool
  readonly writes: OpenPool
  /** For jobs in the background: their plans are made on few connections, and requests wait for none of them. */
  readonly jobs: OpenPool
  /** The newest trouble that escapes probes, when a statement or a transaction met it within the last `withinMs`; else null. */
  recentTrouble(withinMs: number): DatabaseTrouble | null
  close(): Promise<void>
}

/** The connections that a job uses, {@link Databases.jobs} as a rule. */
export interface JobDatabases {
  readonly writes: Pick<OpenPool, 'sql'>
}

export interface ConnectOptions {
  readonly url: string
  readonly writeConnectionsMax: number
  /** By default a direct connection to tables in `public`. */
  readonly route?: DatabaseRoute
}

const readConnectionsMax = 2
/** Opened as they are needed: jobs are short, and rarely two at once. */
const jobConnectionsMax = 4
const closeTimeoutSeconds = 5
const timeouts = { statementMs: 15_000, lockMs: 10_000 }

/** Opens no connection yet: the first query does. */
export function connectDatabases({ url, writeConnectionsMax, route }: ConnectOptions): Databases {
  // Through a pooler a statement has its connection for itself, reads too.
  const readsMax =
    route?.isPooled === true ? Math.max(readConnectionsMax, writeConnectionsMax) : readConnectionsMax
  let newest: { readonly trouble: DatabaseTrouble; readonly atMs: number } | null = null
  const onTrouble = (trouble: DatabaseTrouble) => {
    if (trouble.escapesProbes) newest = { trouble, atMs: performance.now() }
  }
  // Where one leads to a database that is the primary no more, the others do too.
  const onMoved = () => {
    for (const { pool } of [reads, writes, jobs]) pool.renew()
  }
  const reads = connect(url, { max: readsMax, route, onTrouble, onMoved })
  const writes = connect(url, { max: writeConnectionsMax, route, onTrouble, onMoved })
  const jobs = connect(url, { max: jobConnectionsMax, route, onTrouble, onMoved })
  return {
    reads,
    writes,
    jobs,
    recentTrouble: (withinMs) =>
      newest !== null && performance.now() - newest.atMs < withinMs ? newest.trouble : null,
    close: async () => {
      await Promise.all(
        [reads, writes, jobs].map(({ pool }) => pool.end({ timeoutSeconds: closeTimeoutSeconds })),
      )
    },
  }
}

/**
 * One pool, with every wait bounded and every setting pinned. It keeps its connections until they are lost or ended.
 *
 * @param options.route how the settings are pinned: as start-up parameters, or in each transaction where a pooler would drop them
 */
export function connectSql(
  url: string,
  { route = plainRoute, timeouts: own = timeouts, ...options }: ConnectSqlOptions = {},
): Pool {
  const pinned = route.isPooled ? {} : sessionSettings(route, own)
  const sql = openPostgres(url, {
    pinned: Object.keys(sessionSettings(route, own)),
    connect_timeout: 10,
    max_lifetime: null,
    fetch_types: false,
    prepare: !route.isPooled,
    types: arrayTypes,
    onnotice: () => undefined,
    ...options,
    connection: { application_name: 'claviger', ...options.connection, ...pinned },
  })
  return Object.assign(sql, {
    settingStatement: route.isPooled ? settingStatement(transactionSettings(route, own)) : null,
    noteFailure: () => undefined,
    load: { inFlight: 0 },
  })
}

interface ConnectSqlOptions extends Omit<postgres.Options<Record<string, never>>, 'types'> {
  readonly route?: DatabaseRoute | undefined
  readonly timeouts?: typeof timeouts
}

/** Runs `work` on one connection, with the settings of the database, the role and a pooler, and these. */
export async function connectTransiently<T>(
  { url, settings = {} }: { readonly url: string; readonly settings?: Record<string, string> },
  work: (pool: Pool) => Promise<T>,
): Promise<T> {
  const sql = openPostgres(url, {
    pinned: Object.keys(settings),
    max: 1,
    connect_timeout: 10,
    fetch_types: false,
    prepare: false,
    onnotice: () => undefined,
    connection: { application_name: 'claviger', ...settings },
  })
  try {
    return await work(
      Object.assign(sql, { settingStatement: null, noteFailure: () => undefined, load: { inFlight: 0 } }),
    )
  } finally {
    await sql.end({ timeout: 1 })
  }
}

interface PoolOptions {
  readonly max: number
  readonly route: DatabaseRoute | undefined
  readonly onTrouble: (trouble: DatabaseTrouble) => void
  /** Told when another server may be the primary by now. */
  readonly onMoved: () => void
}

function connect(url: string, { onTrouble, onMoved, ...options }: PoolOptions) {
  const load: PoolLoad = { inFlight: 0 }
  const pool = createRenewedPool((onStale) => {
    const opened = connectSql(url, { ...options, onclose: onStale })
    // Drizzle writes dates as texts, and says so to the pool that it is given.
    drizzle(opened)
    readInstants(opened.options)
    const noteFailure = (error: unknown) => {
      const trouble = troubleOf(error)
      if (trouble !== null) onTrouble(trouble)
      if (trouble?.asksForNewConnections === true && onStale()) onMoved()
    }
    return Object.assign(opened, { noteFailure, load })
  })
  const sql = performStatements(pool.sql)
  return { sql, db: drizzle(sql, { schema: tables }), pool, load, connectionsMax: options.max }
}
