import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { drizzle } from 'drizzle-orm/postgres-js'
import * as tables from '../../schema/tables/index.ts'
import { connectSql, type Executor } from './connect.ts'
import { distribute, readDistribution, sequentially } from './distribution/distribute.ts'
import { mergeEnumLabels } from './enum-labels.ts'
import { codesOf } from './error-codes.ts'
import { quoteName } from './quote-name.ts'
import { findRoute, type DatabaseRoute } from './route.ts'
import { runTransaction } from './transaction.ts'

/** Any number that no other program takes advisory locks on: "claviger" in ASCII, cut to 63 bits. */
const migrationLock = 0x636c_6176_6967_65n.toString()
const lockMsMax = 120_000

/** In a checkout the folder itself, in a package the copy beside the compiled files: the relative path is the same. */
const migrationsFolder = fileURLToPath(new URL('../../schema/migrations', import.meta.url))

/**
 * Applies the migrations that the database lacks, all in one transaction and under an advisory lock that ends with it, so that
 * several servers may start at once and nothing is left behind by one that is killed, behind a pooler either.
 *
 * Where Citus has distributed the tables, it distributes the new ones too.
 *
 * @returns whether the tables are distributed
 * @throws Error in words when another server holds the lock for more than two minutes
 */
export async function migrate(
  databaseUrl: string,
  { route, lockTimeoutMs = lockMsMax, onWait = () => undefined }: MigrateOptions = {},
): Promise<{ readonly isDistributed: boolean }> {
  const found = route ?? (await findRoute(databaseUrl))
  const pool = connectSql(databaseUrl, {
    max: 1,
    route: found,
    timeouts: { statementMs: lockMsMax, lockMs: lockTimeoutMs },
  })
  try {
    return await runTransaction(
      drizzle(pool, { schema: tables }),
      async (tx) => {
        await lockMigrations(tx, onWait)
        const { isDistributed } = await readDistribution(tx)
        const isNew = await applyMigrations(tx, { schema: found.schema, isDistributed })
        if (isDistributed && isNew) await distribute(tx)
        return { isDistributed }
      },
      { timeoutMs: 2 * lockMsMax },
    )
  } finally {
    await pool.end({ timeout: 5 })
  }
}

interface MigrateOptions {
  /** Found when it is not given. */
  readonly route?: DatabaseRoute
  readonly lockTimeoutMs?: number
  /** Told that another session holds the lock, before it is waited for. */
  readonly onWait?: () => void
}

/** The hashes of this version's migrations, in order. */
export function readMigrationHashes(): string[] {
  return readMigrationFiles({ migrationsFolder }).map(({ hash }) => hash)
}

/** The hashes of the migrations that a database has, in order; null when it has no journal of them. */
export async function readAppliedHashes(
  tx: Pick<Executor, 'execute'>,
  schema: string,
): Promise<string[] | null> {
  const found = await findJournal(tx, schema)
  if (found === null) return null
  const rows = await tx.execute<{ hash: string }>(
    sql`SELECT hash FROM ${journalIn(found)} ORDER BY created_at`,
  )
  return [...rows].map(({ hash }) => hash)
}

/**
 * Applies those of the first `count` migrations, by default all, that the database lacks.
 *
 * @param tx holds the lock
 * @param options.isDistributed by Citus, which takes changes in one connection of each node then
 * @returns whether there were any
 */
export async function applyMigrations(
  tx: Executor,
  {
    schema,
    count,
    isDistributed = false,
  }: { readonly schema: string; readonly count?: number; readonly isDistributed?: boolean },
): Promise<boolean> {
  const journal = journalIn((await findJournal(tx, schema)) ?? (await createJournal(tx, schema)))
  const [newest] = await tx.execute<{ at: string | null }>(
    sql`SELECT max(created_at)::text AS at FROM ${journal}`,
  )
  const lacking = readMigrationFiles({ migrationsFolder })
    .slice(0, count)
    .filter(({ folderMillis }) => folderMillis > Number(newest?.at ?? 0))
  if (isDistributed && lacking.length > 0) await tx.execute(sequentially)
  for (const statement of mergeEnumLabels(lacking.flatMap(({ sql: statements }) => statements))) {
    await tx.execute(sql.raw(inSchema(statement, schema)))
  }
  for (const { hash, folderMillis } of lacking) {
    await tx.execute(sql`INSERT INTO ${journal} (hash, created_at) VALUES (${hash}, ${folderMillis})`)
  }
  return lacking.length > 0
}

/** Until the transaction ends. @throws Error in words when another session holds the lock for too long */
export async function lockMigrations(tx: Executor, onWait: () => void): Promise<void> {
  const [attempt] = await tx.execute<{ is_taken: boolean }>(
    sql`SELECT pg_try_advisory_xact_lock(${migrationLock}::bigint) AS is_taken`,
  )
  if (attempt?.is_taken === true) return
  onWait()
  try {
    await tx.execute(sql`SELECT pg_advisory_xact_lock(${migrationLock}::bigint)`)
  } catch (error) {
    if (!codesOf(error).includes('55P03')) throw error
    throw new Error(
      'Another session holds the lock for migrations, and has not let go of it in time. While a server migrates, wait for ' +
        "it. Else end that session: SELECT pid FROM pg_locks WHERE locktype = 'advisory' shows it.",
      { cause: error },
    )
  }
}

/** The journal lies beside the tables and is not one of them. */
export const journalTable = '__drizzle_migrations'

/** In the schema of the tables, so that a role needs no other. Drizzle's own migrator kept it in a schema `drizzle`. */
async function findJournal(tx: Pick<Executor, 'execute'>, schema: string): Promise<string | null> {
  const [found] = await tx.execute<{ in_drizzle: boolean; in_schema: boolean }>(sql`
    SELECT to_regclass(${`drizzle.${journalTable}`}) IS NOT NULL AS in_drizzle,
      to_regclass(${journalTable}) IS NOT NULL AS in_schema`)
  if (found?.in_schema === true) return schema
  return found?.in_drizzle === true && schema === 'public' ? 'drizzle' : null
}

async function createJournal(tx: Executor, schema: string): Promise<string> {
  await tx.execute(
    sql`CREATE TABLE ${journalIn(schema)}
      (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, hash text NOT NULL, created_at bigint NOT NULL)`,
  )
  return schema
}

function journalIn(schema: string) {
  return sql`${sql.identifier(schema)}.${sql.identifier(journalTable)}`
}

/** Drizzle names the schema of types, of sequences and of what foreign keys refer to. */
function inSchema(statement: string, schema: string): string {
  return statement.replaceAll('"public".', `${quoteName(schema)}.`)
}
