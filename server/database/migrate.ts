import { fileURLToPath } from 'node:url'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate as applyMigrations } from 'drizzle-orm/postgres-js/migrator'
import { connectSql } from './connect.ts'

/** Any number that no other program takes advisory locks on: "claviger" in ASCII, cut to 63 bits. */
const migrationLock = 0x636c_6176_6967_65n.toString()
const lockTimeoutMs = 120_000

/** Beside the sources in a checkout and beside dist/ in a package: both have schema/migrations two levels above. */
const folders = ['../../schema/migrations', '../../../schema/migrations']

/**
 * Applies the migrations that the database lacks, under an advisory lock, so that several servers may start at once.
 */
export async function migrate(databaseUrl: string): Promise<void> {
  const sql = connectSql(databaseUrl, {
    max: 1,
    connection: { statement_timeout: lockTimeoutMs, lock_timeout: lockTimeoutMs },
  })
  try {
    await sql`SELECT pg_advisory_lock(${migrationLock})`
    await applyMigrations(drizzle(sql), { migrationsFolder: await findMigrations() })
  } finally {
    // The advisory lock ends with the connection.
    await sql.end({ timeout: 5 })
  }
}

async function findMigrations(): Promise<string> {
  const { access } = await import('node:fs/promises')
  for (const folder of folders) {
    const path = fileURLToPath(new URL(folder, import.meta.url))
    try {
      await access(`${path}/meta/_journal.json`)
      return path
    } catch {
      // Look beside the other layout.
    }
  }
  throw new Error('schema/migrations is missing from this installation of claviger.')
}
