import { getTableName, is, sql } from 'drizzle-orm'
import { PgTable } from 'drizzle-orm/pg-core'
import { drizzle } from 'drizzle-orm/postgres-js'
import * as tables from '../../../schema/tables/index.ts'
import { version } from '../../lib/version.ts'
import { connectSql, type Executor } from '../connect.ts'
import { readAppliedHashes, readMigrationHashes } from '../migrate.ts'
import { quoteName } from '../quote-name.ts'
import type { DatabaseRoute } from '../route.ts'
import { runTransaction } from '../transaction.ts'
import type { ArchiveEnd, ArchiveHead, ArchiveTable } from './archive.ts'
import { copyLimits } from './copy-limits.ts'
import { listSequences, listTables } from './table-list.ts'
import { writeArchive } from './write-archive.ts'
import { writeBackup, type WrittenBackup } from './write-backup.ts'

export interface BackUpOptions {
  readonly url: string
  readonly route: DatabaseRoute
  readonly path: string
  /** Asked in the snapshot. */
  readonly findSecret: (tx: Executor) => Promise<ArchiveHead['secret']>
  /** Ends it early. Nothing is left then. */
  readonly signal?: AbortSignal
}

export type Backup = WrittenBackup & ArchiveHead & Pick<ArchiveEnd, 'rows'>

/**
 * Writes everything that a database holds at one moment to a file, while key servers go on working. Only migrations wait.
 *
 * @throws Error in words when the database is not one that this version knows, or the file cannot be written
 */
export async function backUp({ url, route, path, findSecret, signal }: BackUpOptions): Promise<Backup> {
  const { schema } = route
  const pool = connectSql(url, { max: 1, route, timeouts: copyLimits })
  const db = drizzle(pool, { schema: tables })
  try {
    const before = await describe(db, schema)
    const names = before.tables.map(({ table }) => `${quoteName(schema)}.${quoteName(table)}`)
    return await runTransaction(
      db,
      async (tx, run) => {
        const found = await describe(tx, schema)
        if (found.migrations.length !== before.migrations.length) {
          throw new Error('The database was migrated meanwhile: back it up again.')
        }
        const head: ArchiveHead = {
          program: version,
          postgresql: route.majorVersion,
          madeAt: await readClock(tx),
          migrations: found.migrations,
          secret: await findSecret(tx),
        }
        let rows: ArchiveEnd['rows'] = {}
        const content = writeArchive(run, {
          head,
          tables: found.tables,
          schema,
          listSequences: () => listSequences(tx, schema),
          onEnd: (end) => ({ rows } = end),
        })
        return { ...(await writeBackup(path, content, { signal })), ...head, rows }
      },
      {
        timeoutMs: copyLimits.transactionMs,
        lockStatement: `LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`,
      },
    )
  } finally {
    await pool.end({ timeout: 0 })
  }
}

interface Description {
  readonly migrations: string[]
  readonly tables: readonly ArchiveTable[]
}

async function describe(tx: Executor, schema: string): Promise<Description> {
  const migrations = await readAppliedHashes(tx, schema)
  const known = readMigrationHashes()
  if (migrations === null || migrations.length === 0) {
    throw new Error('This database is none of a key server: look at DATABASE_URL and DATA_DIR.')
  }
  if (migrations.some((hash, index) => hash !== known[index])) {
    throw new Error(
      'This database was migrated by a newer version of this program: back it up with that version.',
    )
  }
  const found = await listTables(tx, schema)
  // Any table may have been its own in an earlier version.
  const isCurrent = migrations.length === known.length
  return { migrations, tables: isCurrent ? found.filter(({ table }) => ownTables.has(table)) : found }
}

const ownTables: ReadonlySet<string> = new Set(
  Object.values(tables).flatMap((table) => (is(table, PgTable) ? [getTableName(table)] : [])),
)

async function readClock(tx: Executor): Promise<string> {
  const [row] = await tx.execute<{ now: string }>(
    sql`SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS now`,
  )
  return row?.now ?? ''
}
