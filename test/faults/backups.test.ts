import { execFileSync } from 'node:child_process'
import { readdir, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withBackup } from '../../server/database/backup/read-backup.ts'
import { fingerprint, looking, tablesOf } from '../support/backups.ts'
import { runScript, type Child } from '../support/child.ts'
import { eventually } from '../support/connections.ts'
import { createTestDatabase, emptyTestDatabase, type TestDatabase } from '../support/database.ts'
import { pgBouncerMissing, startPgBouncer } from '../support/pgbouncer.ts'
import { openAccount, storeKey } from '../support/raw-client.ts'
import { startTestServer, testServerKeySecret } from '../support/server.ts'

/* "claviger database" as a process that is killed, has no room, or is led through a pooler. */

let directory: string
let source: TestDatabase
let file: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'claviger-backups-'))
  file = join(directory, 'claviger.backup')
  source = await createTestDatabase()
  const server = await startTestServer(source.url)
  const { key } = await openAccount(server.url)
  await storeKey(server.url, key)
  await server.stop()
  // So many rows that a restore takes its time.
  await looking(
    source.url,
    (sql) => sql`INSERT INTO deleted_accounts SELECT gen_random_uuid() FROM generate_series(1, 400000)`,
  )
  expect(await database(source.url, 'backup', file).ended).toMatchObject({ code: 0, errors: '' })
}, 120_000)
afterAll(async () => {
  await source.drop()
  await rm(directory, { recursive: true, force: true })
})

function database(url: string, ...args: readonly string[]): Child {
  return run(args, { DATABASE_URL: url })
}

function run(args: readonly string[], env: Readonly<Record<string, string>>): Child {
  return runScript('client/bin/claviger.js', {
    args: ['database', ...args],
    env: { SERVER_KEY_SECRET: testServerKeySecret, ...env },
    timeoutMs: 90_000,
  })
}

test('a restore that is killed while it copies leaves an empty database, and can be repeated', async () => {
  const target = await emptyTestDatabase()
  try {
    for (let kill = 0; kill < 3; kill++) {
      const restoring = database(target.url, 'restore', file)
      await looking(target.url, (sql) =>
        eventually(
          async () =>
            (
              await sql`SELECT FROM pg_stat_progress_copy WHERE datname = current_database() AND tuples_processed > ${kill * 50_000}`
            ).length > 0,
          { withinMs: 60_000, what: 'the rows are copied' },
        ),
      )
      restoring.process.kill('SIGKILL')
      expect(await restoring.ended).toMatchObject({ signal: 'SIGKILL' })
      await expect.poll(() => tablesOf(target.url)).toEqual([])
    }
    expect(await database(target.url, 'restore', file).ended).toMatchObject({ code: 0, errors: '' })
    const { forgotten_nonces: _theirs, ...restored } = await fingerprint(target.url)
    const { forgotten_nonces: _ours, ...original } = await fingerprint(source.url)
    expect(restored).toEqual(original)
  } finally {
    await target.drop()
  }
}, 300_000)

test('a backup that finds no room on the disk says so, and leaves the one before and no draft', async ({
  skip,
}) => {
  const small = join(directory, 'small')
  await mkdir(small)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', small], { stdio: 'pipe' })
  } catch {
    skip('this user may not mount a small file system')
  }
  const kept = join(small, 'claviger.backup')
  const empty = await createTestDatabase()
  try {
    expect(await database(empty.url, 'backup', kept).ended).toMatchObject({ code: 0, errors: '' })
    const before = await withBackup(kept, ({ sha256 }) => Promise.resolve(sha256))
    const full = await database(source.url, 'backup', kept).ended
    expect(full).toMatchObject({ code: 1, output: '' })
    expect(full.errors).toMatch(/ENOSPC|no (space|room)/i)
    expect(full.errors).not.toMatch(/\bat .*\.ts:/)
    expect(await withBackup(kept, ({ sha256 }) => Promise.resolve(sha256))).toBe(before)
    expect(await readdir(small)).toEqual(['claviger.backup'])
  } finally {
    await empty.drop()
    execFileSync('umount', [small])
  }
}, 120_000)

test.skipIf(pgBouncerMissing !== null).each(['session', 'transaction'] as const)(
  'a backup goes through PgBouncer in %s mode; a restore too, beside a direct URL where sessions are shared',
  async (mode) => {
    const target = await emptyTestDatabase()
    const [from, to] = [
      await startPgBouncer(source.url, { mode }),
      await startPgBouncer(target.url, { mode }),
    ]
    const path = join(directory, `${mode}.backup`)
    const direct = (url: string) => (mode === 'session' ? {} : { DATABASE_LISTEN_URL: url })
    try {
      if (mode === 'transaction') {
        const { code, errors } = await database(to.url, 'restore', file).ended
        expect(code).toBe(1)
        expect(errors).toContain('set DATABASE_LISTEN_URL to a direct connection')
        expect(await tablesOf(target.url)).toEqual([])
      }
      expect(await database(from.url, 'backup', path).ended).toMatchObject({ code: 0, errors: '' })
      const restoring = await run(['restore', path], { DATABASE_URL: to.url, ...direct(target.url) }).ended
      expect(restoring).toMatchObject({ code: 0, errors: '' })
      const { forgotten_nonces: _theirs, ...restored } = await fingerprint(target.url)
      const { forgotten_nonces: _ours, ...original } = await fingerprint(source.url)
      expect(restored).toEqual(original)
    } finally {
      await from.stop()
      await to.stop()
      await target.drop()
    }
  },
  180_000,
)
