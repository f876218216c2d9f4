import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import * as tables from '../../schema/tables/index.ts'

export type Database = PostgresJsDatabase<typeof tables>

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
      await Promise.all([reads, writes].map(({ sql }) => sql.end({ timeout: closeTimeoutSeconds })))
    },
  }
}

/** One pool, with every wait bounded. */
export function connectSql(url: string, options: postgres.Options<Record<string, never>> = {}): postgres.Sql {
  return postgres(url, {
    connect_timeout: 10,
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

function connect(url: string, options: { max: number }) {
  const sql = connectSql(url, options)
  return { sql, db: drizzle(sql, { schema: tables }) }
}
