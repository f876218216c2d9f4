import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type postgres from 'postgres'
import { connectSql } from '../../server/database/connect.ts'
import { startEmbeddedPostgres } from '../../server/database/embedded/index.ts'
import { migrate } from '../../server/database/migrate.ts'
import { processorMsOfFamily } from './processor-time.ts'

/** A PostgreSQL for one benchmark, in a temporary directory that `stop` removes. */
export interface BenchDatabase {
  readonly url: string
  /** For filling and inspecting it: statements may take up to 2 minutes. */
  readonly sql: postgres.Sql
  /** Processor time that all of its processes have used, in milliseconds; NaN where the system does not tell. */
  processorMs(): Promise<number>
  stop(): Promise<void>
}

const statementMsMax = 120_000

/** @param options.isMigrated false leaves it empty, for a server that migrates it */
export async function startBenchDatabase({
  isMigrated = true,
}: { readonly isMigrated?: boolean } = {}): Promise<BenchDatabase> {
  const directory = await mkdtemp(join(tmpdir(), 'claviger-bench-'))
  const cluster = await startEmbeddedPostgres({ dataDirectory: directory })
  const sql = connectSql(cluster.url, {
    max: 2,
    timeouts: { statementMs: statementMsMax, lockMs: statementMsMax },
    connection: { application_name: 'bench' },
  })
  const stop = async (): Promise<void> => {
    await sql.end({ timeout: 5 })
    await cluster.stop()
    await rm(directory, { recursive: true, force: true })
  }
  try {
    if (isMigrated) await migrate(cluster.url)
    const pid = Number.parseInt(await readFile(join(directory, 'postgres', 'postmaster.pid'), 'utf8'))
    return { url: cluster.url, sql, processorMs: () => processorMsOfFamily(pid), stop }
  } catch (error) {
    await stop()
    throw error
  }
}
