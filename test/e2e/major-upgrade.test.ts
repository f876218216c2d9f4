import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startEmbeddedPostgres } from '../../server/database/embedded/index.ts'
import { runScript, type ChildEnd } from '../support/child.ts'
import { acquire, openAccount, storeKey } from '../support/raw-client.ts'
import { startTestServer } from '../support/server.ts'
import {
  makeOwnDirectory,
  runSystemProgram,
  systemPostgres,
  systemPostgresMissing,
} from '../support/system-postgres.ts'

if (systemPostgresMissing !== null)
  process.stdout.write(`Skipped, test/e2e/major-upgrade: ${systemPostgresMissing}.\n`)

describe.skipIf(systemPostgresMissing !== null)('a DATA_DIR of an older PostgreSQL', () => {
  const { folder = '', majorVersion = 0 } = systemPostgres ?? {}
  let directory: string
  let dataDirectory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'claviger-major-'))
    await chmod(directory, 0o711)
    dataDirectory = await makeOwnDirectory(join(directory, 'data'))
    await chmod(dataDirectory, 0o711)
    const password = join(dataDirectory, 'password')
    await writeFile(password, 'an older password, as long as it must be\n', { mode: 0o600 })
    // The programs read it as another user.
    const copy = join(directory, 'password')
    await writeFile(copy, 'an older password, as long as it must be\n', { mode: 0o644 })
    await runSystemProgram('initdb', [
      ...['--pgdata', join(dataDirectory, 'postgres'), '--username', 'postgres', '--pwfile', copy],
      ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C', '--no-sync'],
    ])
  }, 60_000)
  afterAll(() => rm(directory, { recursive: true, force: true }))

  function claviger(...args: readonly string[]): Promise<ChildEnd> {
    const env = { DATA_DIR: dataDirectory, PORT: '0', LOG_LEVEL: 'warn' }
    return runScript('client/bin/claviger.js', { args, env, timeoutMs: 90_000 }).ended
  }

  test('is left alone by programs that do not run', async () => {
    const end = await claviger('database', 'backup', join(directory, 'none'), '--postgresql', directory)
    expect(end).toMatchObject({ code: 1, output: '' })
    expect(end.errors).toContain(`The programs of PostgreSQL in ${directory} do not run`)
  })

  test('is refused with the steps that carry it over, and they do', async () => {
    const old = await startEmbeddedPostgres({ dataDirectory, programsDirectory: folder })
    const oldServer = await startTestServer(old.url, { serverKeySecret: undefined })
    const { key } = await openAccount(oldServer.url)
    const { id } = await storeKey(oldServer.url, key)
    await oldServer.stop()
    await old.stop()
    await writeFile(join(dataDirectory, 'version'), '0.0.9\n')

    const refused = await claviger('serve')
    expect(refused.code).toBe(1)
    const cluster = join(dataDirectory, 'postgres')
    expect(refused.errors).toContain(`was written by PostgreSQL ${String(majorVersion)}`)
    expect(refused.errors).toContain('npx @claviger/server@0.0.9 database backup FILE')
    expect(refused.errors).toContain(`mv ${cluster} ${cluster}-${String(majorVersion)}.old`)

    const file = join(directory, 'upgrade.backup')
    const backup = await claviger('database', 'backup', file, '--postgresql', folder)
    expect(backup).toMatchObject({ code: 0, errors: '' })
    await rename(cluster, `${cluster}-${String(majorVersion)}.old`)
    const restored = await claviger('database', 'restore', file, '--json')
    expect(restored).toMatchObject({ code: 0, errors: '' })
    expect(JSON.parse(restored.output)).toMatchObject({ postgresql: majorVersion, serverKeys: 'KEPT' })

    const database = await startEmbeddedPostgres({ dataDirectory })
    const server = await startTestServer(database.url, { serverKeySecret: undefined })
    try {
      await expect
        .poll(async () => (await acquire(server.url, key, { id })).errors, { timeout: 10_000 })
        .toEqual([])
    } finally {
      await server.stop()
      await database.stop()
    }
  }, 240_000)
})
