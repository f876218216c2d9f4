import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import type postgres from 'postgres'
import * as tables from '../../schema/tables/index.ts'
import { arrayTypes } from './array-types.ts'
import { openPostgres } from './open-postgres.ts'
import { createRenewedPool } from './renewed-pool.ts'

export type Database = PostgresJsDatabase<typeof tables> & { readonly $client: postgres.Sql }

/** A database or a transaction on it: what a query can run on. */
export type Executor = Pick<Database, 'select' | 'insert' | 'update' | 'delete' | 'execute'>

/**
 * The server's connections. Reads share few connections, which postgres.js pipelines; writes wait for the disk and so
 * each want a connection of their own. Statements on `sql` are prepared by postgres.js, those on `db` only with
 * `.prepare(name)`.
 */
export interface Databases {
  readonly reads: { readonly sql: postgres.Sql; readonly db: Database }
  readonly writes: { readonly sql: postgres.Sql; readonly db: Database }
  close(): Promise<void>
}

export interface ConnectOptions {
  readonly url: string
  readonly writeConnectionsMax: number
}

const readConnectionsMax = 2
const closeTimeoutSeconds = 5

/** Opens no connection yet: the first query does. */
export function connectDatabases({ url, writeConnectionsMax }: ConnectOptions): Databases {
  const reads = connect(url, { max: readConnectionsMax })
  const writes = connect(url, { max: writeConnectionsMax })
  return {
    reads,
    writes,
    close: async () => {
      await Promise.all([reads, writes].map(({ pool }) => pool.end({ timeoutSeconds: closeTimeoutSeconds })))
    },
  }
}

/** One pool, with every wait bounded. It keeps its connections until they are lost or ended. */
export function connectSql(url: string, options: ConnectSqlOptions = {}): postgres.Sql {
  return openPostgres(url, {
    connect_timeout: 10,
    max_lifetime: null,
    fetch_types: false,
    types: arrayTypes,
    onnotice: () => undefined,
    ...options,
    connection: {
      application_name: 'claviger',
      statement_timeout: 15_000,
      lock_timeout: 10_000,
      idle_in_transaction_session_timeout: 15_000,
      ...options.connection,
    },
  })
}

type ConnectSqlOptions = Omit<postgres.Options<Record<string, never>>, 'types'>

function connect(url: string, options: { max: number }) {
  const pool = createRenewedPool((onclose) => {
    const opened = connectSql(url, { ...options, onclose })
    // Drizzle reads dates as texts, and says so to the pool that it is given.
    drizzle(opened)
    return opened
  })
  return { sql: pool.sql, db: drizzle(pool.sql, { schema: tables }), pool }
}
