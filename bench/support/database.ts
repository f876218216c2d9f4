import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type postgres from 'postgres'
import { connectSql } from '../../server/database/connect.ts'
import { startEmbeddedPostgres } from '../../server/database/embedded/index.ts'
import { migrate } from '../../server/database/migrate.ts'

/** A migrated PostgreSQL of a benchmark's own, in a temporary directory that goes with it. */
export interface BenchDatabase {
  readonly url: string
  /** For filling it, and for looking at it: statements may take their time. */
  readonly sql: postgres.Sql
  stop(): Promise<void>
}

const statementMsMax = 120_000

export async function startBenchDatabase(): Promise<BenchDatabase> {
  const directory = await mkdtemp(join(tmpdir(), 'claviger-bench-'))
  const cluster = await startEmbeddedPostgres({ dataDirectory: directory })
  const sql = connectSql(cluster.url, {
    max: 2,
    connection: { application_name: 'bench', statement_timeout: statementMsMax },
  })
  const stop = async (): Promise<void> => {
    await sql.end({ timeout: 5 })
    await cluster.stop()
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await migrate(cluster.url)
    return { url: cluster.url, sql, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
