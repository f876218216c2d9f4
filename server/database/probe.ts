import { sql } from 'drizzle-orm'
import type { Databases } from './connect.ts'
import { runTransaction } from './transaction.ts'
import { ReadOnlyDatabase } from './trouble.ts'

/**
 * Finds out whether the database can be read and written. It writes a temporary file of about half a megabyte, beyond
 * the memory that the statement may use: a full disk refuses it, and nothing of it remains, neither in tables nor in the WAL.
 *
 * @throws Error of the database, for which {@link troubleOf} has words
 */
export async function probeDatabases({ reads, writes }: Databases): Promise<void> {
  const writing = runTransaction(writes.db, async (tx) => {
    await tx.execute(sql`SELECT set_config('work_mem', '64kB', true)`)
    const [row] = await tx.execute<{ is_standby: boolean }>(
      sql`SELECT pg_is_in_recovery() AS is_standby, count(*) FROM generate_series(1, 20000)`,
    )
    if (row?.is_standby === true) throw new ReadOnlyDatabase()
  })
  await Promise.all([reads.sql`SELECT 1`, writing])
}
