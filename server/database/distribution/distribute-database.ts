import { drizzle } from 'drizzle-orm/postgres-js'
import * as tables from '../../../schema/tables/index.ts'
import { atHost, type DatabaseHost } from '../address.ts'
import { connectSql } from '../connect.ts'
import { lockMigrations, readAppliedHashes, readMigrationHashes } from '../migrate.ts'
import { findRoute, type DatabaseRoute } from '../route.ts'
import { findUnmet } from '../requirements.ts'
import { runTransaction } from '../transaction.ts'
import { distribute } from './distribute.ts'

/** Copying the rows to other machines takes time. */
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
): Promise<{ readonly tables: readonly string[]; readonly nodes: number }> {
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
        const { nodes, ...distributed } = await distribute(tx)
        await assertDurable(url, nodes)
        return { ...distributed, nodes: nodes.length }
      },
      { timeoutMs },
    )
  } finally {
    await pool.end({ timeout: 5 })
  }
}

/** @throws Error in words, when a node may lose what it acknowledged */
async function assertDurable(url: string, nodes: readonly DatabaseHost[]): Promise<void> {
  for (const node of nodes) {
    const unmet = await findUnmet(atHost(url, node))
    if (unmet.length > 0) throw new Error(`${node.host}:${String(node.port)}: ${unmet.join(' ')}`)
  }
}
