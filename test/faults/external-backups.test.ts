import { appendFile, chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backUpTo, fingerprint, looking, restoreTo } from '../support/backups.ts'
import { eventually } from '../support/connections.ts'
import { emptyTestDatabase } from '../support/database.ts'
import { acquire, openAccount, storeKey, type RawAccount } from '../support/raw-client.ts'
import { startTestServer } from '../support/server.ts'
import {
  createSystemCluster,
  makeOwnDirectory,
  runSystemProgram,
  startSystemCluster,
  systemPostgresMissing,
  type SystemCluster,
} from '../support/system-postgres.ts'
import { setWebhook } from '../support/webhooks.ts'

if (systemPostgresMissing !== null)
  process.stdout.write(`Skipped, test/faults/external-backups: ${systemPostgresMissing}.\n`)

/* The commands of docs/operations.md for an external PostgreSQL. */

describe.skipIf(systemPostgresMissing !== null)('an external PostgreSQL', () => {
  let directory: string
  let archive: string
  let cluster: SystemCluster
  const clusters: SystemCluster[] = []
  const run = (statement: string) =>
    looking(cluster.url('postgres'), async (sql) => [...(await sql.unsafe(statement))])
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'claviger-external-'))
    await chmod(directory, 0o711)
    archive = await makeOwnDirectory(join(directory, 'wal'))
    cluster = await createSystemCluster(join(directory, 'primary'), {
      archive_mode: 'on',
      archive_command: `test ! -f ${archive}/%f && cp %p ${archive}/%f`,
    })
    clusters.push(cluster)
  }, 120_000)
  afterAll(async () => {
    for (const each of clusters) await each.kill()
    await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  })

  test('is restored from pg_dump row by row, and a key server goes on with it', async () => {
    const server = await startTestServer(cluster.url('claviger'))
    const account = await openAccount(server.url)
    const { id } = await storeKey(server.url, account.key)
    await server.stop()
    const dump = join(await makeOwnDirectory(join(directory, 'dump')), 'claviger.dump')
    await runSystemProgram('pg_dump', ['--format=custom', `--file=${dump}`, cluster.url('claviger')])
    await run('CREATE DATABASE restored OWNER claviger')
    const restored = cluster.url('claviger', 'restored')
    await runSystemProgram('pg_restore', ['--single-transaction', '--no-owner', `--dbname=${restored}`, dump])
    expect(await fingerprint(restored)).toEqual(await fingerprint(cluster.url('claviger')))
    await expectServed(restored, account, { has: [id], lacks: [] })
  }, 120_000)

  test('is recovered to a point in time from a base backup and its archived WAL', async () => {
    const server = await startTestServer(cluster.url('claviger'))
    const account = await openAccount(server.url)
    const before = await storeKey(server.url, account.key)
    const copy = join(await makeOwnDirectory(join(directory, 'copy')), 'data')
    await runSystemProgram('pg_basebackup', [
      ...['--pgdata', copy, '--checkpoint=fast', '--no-sync', '--dbname', cluster.url('postgres')],
    ])
    const wanted = await storeKey(server.url, account.key)
    const [moment] = await run('SELECT clock_timestamp()::text AS at')
    const unwanted = await storeKey(server.url, account.key)
    const [segment] = await run('SELECT pg_walfile_name(pg_current_wal_lsn()) AS name FROM pg_switch_wal()')
    const isArchived = async () => {
      const [row] = await run('SELECT last_archived_wal AS name FROM pg_stat_archiver')
      return String(row?.['name']) >= String(segment?.['name'])
    }
    await run('SELECT pg_switch_wal()')
    await eventually(isArchived, { withinMs: 30_000, what: 'the WAL is archived' })
    await server.stop()
    await cluster.kill()

    await appendFile(
      join(copy, 'postgresql.auto.conf'),
      `restore_command = 'cp ${archive}/%f %p'
recovery_target_time = '${String(moment?.['at'])}'
recovery_target_action = 'promote'
`,
    )
    await writeFile(join(copy, 'recovery.signal'), '', { mode: 0o644 })
    const recovered = await startSystemCluster(copy)
    clusters.push(recovered)
    const url = recovered.url('claviger')
    await eventually(
      () =>
        looking(url, async (sql) => {
          const [row] = await sql<{ is_standby: boolean }[]>`SELECT pg_is_in_recovery() AS is_standby`
          return row?.is_standby === false
        }),
      { withinMs: 30_000, what: 'the recovery ends' },
    )
    await expectServed(url, account, { has: [before.id, wanted.id], lacks: [unwanted.id] })
  }, 120_000)

  test('exchanges backups with one of another major version, by "claviger database"', async () => {
    const older = await createSystemCluster(join(directory, 'older'))
    clusters.push(older)
    const server = await startTestServer(older.url('claviger'))
    const account = await openAccount(server.url)
    const { id } = await storeKey(server.url, account.key)
    // The second one is told of by an alert, whose kind was added to the enum by a later migration.
    for (const path of ['first', 'second']) {
      await setWebhook(server.url, account.key, { url: `https://hooks.example/${path}` })
    }
    await server.stop()
    const newer = await emptyTestDatabase()
    try {
      const up = join(directory, 'up.backup')
      await backUpTo(up, older.url('claviger'))
      await restoreTo(newer.url, up)
      await expectServed(newer.url, account, { has: [id], lacks: [] })
      const down = join(directory, 'down.backup')
      await backUpTo(down, newer.url)
      await looking(older.url('postgres'), (sql) => sql.unsafe('CREATE DATABASE back OWNER claviger'))
      await restoreTo(older.url('claviger', 'back'), down)
      await expectServed(older.url('claviger', 'back'), account, { has: [id], lacks: [] })
    } finally {
      await newer.drop()
    }
  }, 120_000)
})

/** A key server on the database releases these keys, knows nothing of those, and stores new ones. */
async function expectServed(
  url: string,
  { key }: RawAccount,
  { has, lacks }: { readonly has: readonly string[]; readonly lacks: readonly string[] },
): Promise<void> {
  const server = await startTestServer(url)
  try {
    const codes = async (ids: readonly string[]) =>
      Promise.all(ids.map(async (id) => (await acquire(server.url, key, { id })).code))
    // Requests signed before the restore are refused, and a signature tells whole seconds.
    await eventually(async () => (await codes(has)).every((code) => code === undefined), {
      withinMs: 10_000,
      what: 'the keys are released',
    })
    expect(await codes(lacks)).toEqual(lacks.map(() => 'NOT_FOUND'))
    await storeKey(server.url, key)
  } finally {
    await server.stop()
  }
}
