import { drizzle } from 'drizzle-orm/postgres-js'
import * as tables from '../../../schema/tables/index.ts'
import { connectSql } from '../connect.ts'
import { lockMigrations, readAppliedHashes, readMigrationHashes } from '../migrate.ts'
import { findRoute, type DatabaseRoute } from '../route.ts'
import { runTransaction } from '../transaction.ts'
import { distribute, type Distributed } from './distribute.ts'

/** Copying what is stored to other machines takes time. */
const timeoutMs = 24 * 3_600_000

/**
 * Distributes the tables of a migrated database, in one transaction: see {@link distribute}.
 *
 * @param url a direct connection to the coordinator
 * @throws Error in words
 */
export async function distributeDatabase(
  url: string,
  { route }: { readonly route?: DatabaseRoute } = {},
): Promise<Distributed> {
  const found = route ?? (await findRoute(url))
  const pool = connectSql(url, {
    max: 1,
    route: found,
    timeouts: { statementMs: timeoutMs, lockMs: 60_000 },
  })
  try {
    return await runTransaction(
      drizzle(pool, { schema: tables }),
      async (tx) => {
        await lockMigrations(tx, () => undefined)
        const applied = await readAppliedHashes(tx, found.schema)
        if (applied?.join() !== readMigrationHashes().join()) {
          throw new Error(
            'This database is not one of this version: run "claviger serve" on it first, and stop it.',
          )
        }
        return distribute(tx)
      },
      { timeoutMs },
    )
  } finally {
    await pool.end({ timeout: 5 })
  }
}
