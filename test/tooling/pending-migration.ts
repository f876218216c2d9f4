import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api'
import { readNewestSnapshot } from './migration-files.ts'

/**
 * The changes that `npm run db:generate` would still write: the SQL statements that lead from the newest committed snapshot to
 * `tables`. Empty when the migrations are current. `drizzle-kit generate` itself exits with 0 whatever happens, and
 * asks questions on a terminal.
 *
 * @param tables the exports of schema/tables/index.ts
 */
export async function pendingMigration(tables: Record<string, unknown>): Promise<string[]> {
  const committed = await readNewestSnapshot()
  return generateMigration(committed, generateDrizzleJson(tables, committed.id))
}
