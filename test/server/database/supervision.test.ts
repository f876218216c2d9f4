import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { startEmbeddedPostgres } from '../../../server/database/embedded/index.ts'
import { supervise, type Supervised } from '../../../server/database/embedded/supervisor.ts'
import { openPostgres } from '../../../server/database/open-postgres.ts'
import { eventually } from '../../support/connections.ts'
import { openAccount } from '../../support/raw-client.ts'
import { freePort } from '../../support/server.ts'

const cleanUps: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

test('a PostgreSQL that was killed is started again where it was, with its data', async () => {
  const dataDirectory = await temporaryDirectory()
  const server = await startEmbeddedPostgres({ dataDirectory })
  cleanUps.push(() => server.stop())
  await query(server.url, 'create table kept as select 7 as x')
  const pid = await postmasterPid(dataDirectory)
  process.kill(pid, 'SIGKILL')
  await eventually(
    () =>
      query(server.url, 'select x from kept').then(
        (rows) => rows[0]?.['x'] === 7,
        () => false,
      ),
    { withinMs: 30_000, what: 'it answers again' },
  )
  expect(await postmasterPid(dataDirectory)).not.toBe(pid)
})

test('a PostgreSQL that was killed and started again stops with its key server', async () => {
  const dataDirectory = await temporaryDirectory()
  const server = await startEmbeddedPostgres({ dataDirectory })
  const pid = await postmasterPid(dataDirectory)
  process.kill(pid, 'SIGKILL')
  await eventually(async () => (await postmasterPid(dataDirectory).catch(() => pid)) !== pid, {
    withinMs: 30_000,
    what: 'it was started again',
  })
  await server.stop()
  await expect(postmasterPid(dataDirectory)).rejects.toMatchObject({ code: 'ENOENT' })
})

describe('a supervised program', () => {
  const times = { lookEveryMs: 5, firstPauseMs: 5, pauseMsMax: 40, giveUpMs: 500 }

  function watch(program: Partial<Supervised>) {
    const { promise: lost, resolve: onLost } = Promise.withResolvers<Error>()
    const end = supervise(
      {
        isThere: () => Promise.resolve(true),
        start: () => Promise.resolve(null),
        log: () => undefined,
        onLost,
        ...program,
      },
      times,
    )
    cleanUps.push(end)
    return { lost, end }
  }

  test('that does not start is given up, with its own words', async () => {
    let attempts = 0
    const { lost } = watch({
      isThere: () => Promise.resolve(false),
      start: () => Promise.resolve(`FATAL ${String(++attempts)}`),
    })
    expect((await lost).message).toMatch(/PostgreSQL has ended.*FATAL \d/)
    // With pauses of 5, 10, 20, 40, 40, … ms.
    expect(attempts).toBeLessThan(25)
  })

  test('that ends again after every start is given up too', async () => {
    const { lost } = watch({ isThere: () => Promise.resolve(false) })
    expect((await lost).message).toContain('does not stay')
  })

  test('that is there is left alone, and nothing is started after the supervision has ended', async () => {
    let starts = 0
    let isThere = true
    const start = () => {
      starts++
      return Promise.resolve(null)
    }
    const { end } = watch({ isThere: () => Promise.resolve(isThere), start })
    await sleep(50)
    await end()
    isThere = false
    await sleep(50)
    expect(starts).toBe(0)
  })
})

const hasMounts = await promisify(execFile)('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).then(
  () => true,
  () => false,
)
if (!hasMounts)
  process.stdout.write('Skipped: tests of a full disk need root and a mount namespace (unshare -m).\n')

test.runIf(hasMounts)(
  'on a full disk the server answers UNAVAILABLE and is not ready, or ends non-zero, and recovers when there is room again',
  async () => {
    const directory = await temporaryDirectory()
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    // The mount is the process's own and ends with it.
    const child = spawn(
      'unshare',
      ['-m', 'sh', '-c', `mount -t tmpfs -o size=150m,mode=0711 tmpfs "$0" && exec "$@"`, directory].concat([
        process.execPath,
        'client/bin/claviger.js',
        'serve',
      ]),
      {
        env: { ...process.env, NODE_OPTIONS: '', DATA_DIR: directory, DATABASE_URL: '', PORT: String(port) },
      },
    )
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
    cleanUps.push(async () => {
      child.kill('SIGTERM')
      await eventually(() => Promise.resolve(child.exitCode !== null || child.signalCode !== null), {
        withinMs: 30_000,
        what: 'the server has ended',
      })
    })
    await eventually(() => Promise.resolve(output.includes('is ready')), {
      withinMs: 60_000,
      what: 'the server is ready',
    })
    await openAccount(url)
    const filler = `/proc/${String(child.pid)}/root${directory}/filler`
    await promisify(execFile)('dd', ['if=/dev/zero', `of=${filler}`, 'bs=64k']).catch(() => undefined)
    await eventually(
      async () => {
        if (child.exitCode !== null) return true
        const readiness = await fetch(`${url}/readyz`).catch(() => null)
        return readiness?.status === 503
      },
      { withinMs: 30_000, what: 'the server is not ready, or has ended' },
    )
    if (child.exitCode === null) {
      expect(await (await fetch(`${url}/readyz`)).text()).toMatch(/"reason":"the (disk of the )?database/)
      const failure = await openAccount(url).then(() => '', String)
      expect(failure).toMatch(/^$|UNAVAILABLE/)
      await rm(filler)
      await eventually(async () => (await fetch(`${url}/readyz`)).status === 200, {
        withinMs: 40_000,
        what: 'the server is ready again',
      })
      await openAccount(url)
    } else expect(child.exitCode).not.toBe(0)
  },
)

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'claviger-supervised-'))
  cleanUps.push(() => rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }))
  return directory
}

async function postmasterPid(dataDirectory: string): Promise<number> {
  return Number.parseInt(await readFile(join(dataDirectory, 'postgres', 'postmaster.pid'), 'utf8'))
}

async function query(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const sql = openPostgres(url, { max: 1, connect_timeout: 5 })
  try {
    return [...(await sql.unsafe(statement))]
  } finally {
    await sql.end({ timeout: 1 })
  }
}
