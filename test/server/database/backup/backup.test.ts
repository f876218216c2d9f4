import { execFileSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withBackup } from '../../../../server/database/backup/read-backup.ts'
import { writeBackup } from '../../../../server/database/backup/write-backup.ts'
import { backUpTo, fingerprint, looking, restoreTo } from '../../../support/backups.ts'
import { eventually } from '../../../support/connections.ts'
import { createTestDatabase, emptyTestDatabase, type TestDatabase } from '../../../support/database.ts'
import { acquire, openAccount, storeKey, type RawAccount } from '../../../support/raw-client.ts'
import { startTestServer } from '../../../support/server.ts'
import { useWorld } from '../../../support/world.ts'

const world = useWorld({ count: 2 })
let directory: string
let target: TestDatabase
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'claviger-backup-'))
})
afterAll(async () => {
  await target.drop()
  await rm(directory, { recursive: true, force: true })
})

interface Load {
  readonly account: RawAccount
  readonly keyId: string
  /** Acquisitions that were answered, and that were begun. */
  answered: number
  begun: number
}

/** Each account acquires one key again and again: every use beyond the first may raise an alert, in one transaction with it. */
async function startLoad(): Promise<{ readonly loads: readonly Load[]; stop(): Promise<void> }> {
  let isOver = false
  const loads = await Promise.all(
    world.servers.flatMap(({ url }) =>
      [1, 2, 3].map(async () => {
        const account = await openAccount(url)
        const { id: keyId } = await storeKey(url, account.key, { maxUses: 1 })
        const load: Load & { url: string } = { account, keyId, answered: 0, begun: 0, url }
        return load
      }),
    ),
  )
  const ended = Promise.all(
    loads.map(async (load) => {
      while (!isOver) {
        load.begun++
        const answer = await acquire(load.url, load.account.key, {
          id: load.keyId,
          acquisitionId: randomUUID(),
        })
        expect(answer.errors).toEqual([])
        load.answered++
        // New rows in every table that an account has, too.
        if (load.begun % 5 === 0) await storeKey(load.url, load.account.key)
      }
    }),
  )
  return {
    loads,
    async stop() {
      isOver = true
      await ended
    },
  }
}

test('a backup under load is the state of one moment: nothing acknowledged before is missing, and no transaction is in it by half', async () => {
  const load = await startLoad()
  const path = join(directory, 'under-load.backup')
  await eventually(() => load.loads.every(({ answered }) => answered > 10), {
    withinMs: 30_000,
    what: 'the load runs',
  })
  const before = load.loads.map(({ answered }) => answered)
  const { rows } = await backUpTo(path, world.databaseUrl)
  const after = load.loads.map(({ begun }) => begun)
  await load.stop()

  target = await emptyTestDatabase()
  expect(await restoreTo(target.url, path)).toEqual(rows)
  await looking(target.url, async (sql) => {
    for (const [index, { keyId }] of load.loads.entries()) {
      const [usage] = await sql<{ uses: number }[]>`
        SELECT use_count AS uses FROM transaction_key_usage WHERE transaction_key_id = ${keyId}`
      expect(usage?.uses).toBeGreaterThanOrEqual(before[index] ?? 0)
      expect(usage?.uses).toBeLessThanOrEqual(after[index] ?? 0)
    }
    // Counted in one transaction with the use, each in a table of its own.
    const halves = await sql`
      SELECT u.transaction_key_id FROM transaction_key_usage u
      JOIN accounts a ON a.id = u.account_id
      WHERE u.use_count <> (SELECT count(*) FROM acquisitions c WHERE c.transaction_key_id = u.transaction_key_id)
        OR a.alert_position <> (SELECT coalesce(max(position), 0) FROM alerts WHERE account_id = a.id)
        OR NOT EXISTS (SELECT FROM wrapped_keys w WHERE w.transaction_key_id = u.transaction_key_id)`
    expect([...halves]).toEqual([])
  })
}, 60_000)

test('what is restored is what was backed up, row by row, and sequences go on', async () => {
  const source = await createTestDatabase()
  const copy = await emptyTestDatabase()
  const path = join(directory, 'quiet.backup')
  try {
    const server = await startTestServer(source.url)
    // Whatever COPY has to escape.
    const { key } = await openAccount(server.url)
    await storeKey(server.url, key, { label: '\\N' })
    await storeKey(server.url, key, { label: 'back\\slash \\. "quoted" Ωmega 🔑' })
    await server.stop()
    await execute(source.url, "SELECT setval('proof_tickets', 41)")
    await backUpTo(path, source.url)
    await restoreTo(copy.url, path)
    const { forgotten_nonces: _theirs, ...restored } = await fingerprint(copy.url)
    const { forgotten_nonces: _ours, ...original } = await fingerprint(source.url)
    expect(restored).toEqual(original)
    expect(Object.keys(restored)).toContain('transaction_keys')
    expect(await execute(copy.url, "SELECT nextval('proof_tickets')::int AS next")).toEqual([{ next: 42 }])
  } finally {
    await copy.drop()
    await source.drop()
  }
})

test('a backup is for its owner only, and replaces a backup but nothing else', async () => {
  const path = join(directory, 'place.backup')
  const first = await backUpTo(path, world.databaseUrl)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(first.bytes).toBe((await stat(path)).size)
  await openAccount(world.url)
  const second = await backUpTo(path, world.databaseUrl)
  expect(second.rows['accounts']).toBe((first.rows['accounts'] ?? 0) + 1)

  const precious = join(directory, 'precious')
  await writeFile(precious, 'not a backup')
  await symlink(path, join(directory, 'link'))
  execFileSync('/bin/sh', ['-c', `mkfifo '${join(directory, 'pipe')}'`])
  await mkdir(join(directory, 'folder'))
  const places = { precious: 'is no backup', link: 'a link', pipe: 'a device', folder: 'a directory' }
  for (const [name, words] of Object.entries(places)) {
    await expect(backUpTo(join(directory, name), world.databaseUrl)).rejects.toThrow(words)
  }
  await expect(backUpTo(join(directory, 'nowhere', 'file'), world.databaseUrl)).rejects.toThrow(
    'cannot be written: it, or its directory, does not exist (ENOENT).',
  )
  expect(await readFile(precious, 'utf8')).toBe('not a backup')
  // No draft is left, of those that failed either.
  expect((await readdir(directory)).filter((name) => name.startsWith('.'))).toEqual([])
})

test('a backup that is interrupted leaves the one before in its place, and no draft', async () => {
  const path = join(directory, 'kept.backup')
  const { sha256 } = await backUpTo(path, world.databaseUrl)
  const failing = async function* () {
    yield Buffer.from('a line\n')
    await Promise.resolve()
    throw new Error('PostgreSQL is gone')
  }
  await expect(writeBackup(path, failing())).rejects.toThrow('PostgreSQL is gone')
  const endless = async function* () {
    for (;;) {
      await Promise.resolve()
      yield randomBytes(65_536)
    }
  }
  const signal = AbortSignal.timeout(100)
  await expect(writeBackup(path, endless(), { signal })).rejects.toThrow('timeout')
  expect(await withBackup(path, (backup) => Promise.resolve(backup.sha256))).toBe(sha256)
  expect((await readdir(directory)).filter((name) => name.startsWith('.'))).toEqual([])
})

async function execute(url: string, statement: string): Promise<unknown[]> {
  return looking(url, async (sql) => [...(await sql.unsafe(statement))])
}
