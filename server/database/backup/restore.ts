import { getTableName, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/postgres-js'
import * as tables from '../../../schema/tables/index.ts'
import { limits } from '../../../schema/wire/limits.ts'
import { connectSql, type Executor } from '../connect.ts'
import { applyMigrations, lockMigrations, readMigrationHashes } from '../migrate.ts'
import { quoteName } from '../quote-name.ts'
import type { DatabaseRoute } from '../route.ts'
import type { Run } from '../transact.ts'
import { runTransaction } from '../transaction.ts'
import { countRows, UnusableBackup, type ArchiveEnd, type ArchiveHead, type ArchiveTable } from './archive.ts'
import { ArchiveReader } from './archive-reader.ts'
import { copyIn } from './copy-in.ts'
import { copyLimits } from './copy-limits.ts'
import { drain } from './drain.ts'
import type { CheckedBackup } from './read-backup.ts'
import { listTables } from './table-list.ts'

export interface RestoreOptions<T> {
  readonly url: string
  readonly route: DatabaseRoute
  /** Runs last in the transaction. An error that it throws leaves the database empty. */
  readonly settle: (tx: Executor, head: ArchiveHead) => Promise<T>
}

export interface Restored<T> extends ArchiveHead, Pick<ArchiveEnd, 'rows'> {
  readonly settled: T
}

/**
 * Fills an empty database from a backup and migrates it to this version, all in one transaction: whenever this is
 * interrupted, the database is empty or complete.
 *
 * @throws {UnusableBackup}
 * @throws Error in words when the database is not empty; else that of `settle`
 */
export async function restore<T>(
  backup: CheckedBackup,
  { url, route, settle }: RestoreOptions<T>,
): Promise<Restored<T>> {
  const { schema } = route
  const pool = connectSql(url, { max: 1, route, timeouts: copyLimits })
  try {
    return await runTransaction(
      drizzle(pool, { schema: tables }),
      async (tx, run) => {
        const archive = new ArchiveReader(backup.read())
        const head = await archive.readHead()
        assertKnown(head)
        await lockMigrations(tx, () => undefined)
        await assertEmpty(tx, schema)
        await applyMigrations(tx, { schema, count: head.migrations.length })
        const { rows } = await fill(archive, { tx, run, schema })
        await applyMigrations(tx, { schema })
        await forgetNonces(tx)
        return { ...head, rows, settled: await settle(tx, head) }
      },
      { timeoutMs: copyLimits.transactionMs },
    )
  } finally {
    await pool.end({ timeout: 0 })
  }
}

/** Reads a backup to its end without a database. @throws {UnusableBackup} */
export async function inspect(backup: CheckedBackup): Promise<ArchiveHead & Pick<ArchiveEnd, 'rows'>> {
  const archive = new ArchiveReader(backup.read())
  const head = await archive.readHead()
  const { rows } = await readTables(archive, (_table, all) => drain(all))
  return { ...head, rows }
}

/** @throws {UnusableBackup} unless this version has all of its migrations */
function assertKnown({ program, migrations }: ArchiveHead): void {
  const known = readMigrationHashes()
  if (migrations.every((hash, index) => hash === known[index])) return
  throw new UnusableBackup(
    `was written by version ${program}, which is newer than this program: restore it with that version or a later one`,
  )
}

async function assertEmpty(tx: Executor, schema: string): Promise<void> {
  const [first, ...others] = await listTables(tx, schema)
  if (first === undefined) return
  throw new Error(
    `This database is not empty: it has ${String(others.length + 1)} tables, such as "${first.table}". A backup is ` +
      'restored into an empty database only: name a new one in DATABASE_URL, or a new directory in DATA_DIR. Restore ' +
      'before a key server is started on it.',
  )
}

interface Target {
  readonly tx: Executor
  readonly run: Run
  readonly schema: string
}

async function fill(archive: ArchiveReader, { tx, run, schema }: Target): Promise<ArchiveEnd> {
  const known = new Map((await listTables(tx, schema)).map(({ table, columns }) => [table, columns]))
  const end = await readTables(archive, async ({ table, columns }, rows) => {
    if (!columns.every((column) => known.get(table)?.includes(column) === true)) {
      throw new UnusableBackup(`has a table "${table}" that the database does not have in this form`)
    }
    const name = `${quoteName(schema)}.${quoteName(table)}`
    const statement = `COPY ${name} (${columns.map(quoteName).join(', ')}) FROM STDIN`
    await run((connection) => copyIn(connection, { statement, rows }))
    // The planner knows the tables from the first statement on.
    await run((connection) => connection.unsafe(`ANALYZE ${name}`))
  })
  for (const { name, value, isCalled } of end.sequences) {
    const sequence = `${quoteName(schema)}.${quoteName(name)}`
    await tx.execute(sql`SELECT setval(${sequence}::regclass, ${value}::bigint, ${isCalled})`)
  }
  return end
}

/** Passes each table's rows to `take`, and compares their numbers with the end of the archive. */
async function readTables(
  archive: ArchiveReader,
  take: (table: ArchiveTable, rows: AsyncIterable<Buffer>) => Promise<void>,
): Promise<ArchiveEnd> {
  const counts: Record<string, number> = {}
  for (;;) {
    const next = await archive.readNext()
    if ('sequences' in next) {
      await archive.assertOver()
      if (!isSame(counts, next.rows)) throw new UnusableBackup('has not as many rows as its end says')
      return next
    }
    let count = 0
    await take(
      next,
      counted(archive.readRows(), (rows) => (count += rows)),
    )
    counts[next.table] = count
  }
}

async function* counted(
  chunks: AsyncIterable<Buffer>,
  onRows: (count: number) => void,
): AsyncGenerator<Buffer> {
  for await (const bytes of chunks) {
    onRows(countRows(bytes))
    yield bytes
  }
}

function isSame(one: Readonly<Record<string, number>>, other: Readonly<Record<string, number>>): boolean {
  const names = Object.keys(one)
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name])
}

/**
 * Refuses requests that were signed before the restore: the nonces that were consumed after the backup are lost, and whoever
 * recorded such a request could replay it.
 */
async function forgetNonces(tx: Executor): Promise<void> {
  const { forgottenNonces } = tables
  const until = sql`clock_timestamp() + make_interval(secs => ${limits.signatureLifetimeSecondsMax})`
  const name = sql.identifier(getTableName(forgottenNonces))
  await tx.execute(sql`
    INSERT INTO ${name} AS f (expires_at) VALUES (${until})
    ON CONFLICT (id) DO UPDATE SET expires_at = greatest(f.expires_at, excluded.expires_at)`)
}
