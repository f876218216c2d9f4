import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Alert, Vault } from '../../../client/index.ts'
import { administer, eventually, type Administrator } from '../../support/connections.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { newVault, shop } from '../../support/devices.ts'
import { readMetrics, sampleOf } from '../../support/metrics.ts'
import { run, type TestProcess } from '../../support/processes.ts'
import {
  openAccount,
  send,
  signRequest,
  storeKey,
  wrappedKeyQuery,
  type GraphQLAnswer,
} from '../../support/raw-client.ts'
import { freePort, testServerKeySecret } from '../../support/server.ts'

const isLinux = process.platform === 'linux'
if (!isLinux) process.stdout.write('Skipped: workers are found in /proc here, which Linux alone has.\n')

let database: TestDatabase
let administrator: Administrator
beforeAll(async () => {
  database = await createTestDatabase()
  administrator = administer(database.url)
})
afterAll(async () => {
  await server.stop()
  await administrator.close()
  await database.drop()
})

let server: TestProcess
let port: number
let metricsPort: number
let url: string

async function serveUntilReady(): Promise<void> {
  server = await serve()
  await server.says('is ready')
  expect(await workers()).toHaveLength(2)
}

async function serve(where: { readonly port?: number | undefined } = {}): Promise<TestProcess> {
  ;[port, metricsPort] = [where.port ?? (await freePort()), await freePort()]
  url = `http://127.0.0.1:${String(port)}`
  return run(['client/bin/claviger.js', 'serve'], {
    DATABASE_URL: database.url,
    SERVER_KEY_SECRET: testServerKeySecret,
    PORT: String(port),
    METRICS_PORT: String(metricsPort),
    WORKERS: '2',
  })
}

/** The process ids of the server's workers. */
async function workers(): Promise<number[]> {
  const found = await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name))
      .map(async (pid) => {
        const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
        const [, parent] = text.slice(text.lastIndexOf(')') + 2).split(' ')
        return Number(parent) === server.child.pid ? Number(pid) : null
      }),
  )
  return found.filter((pid) => pid !== null)
}

const isRunning = (pid: number) =>
  readFile(`/proc/${String(pid)}/stat`, 'latin1').then(
    (text) => !text.includes(') Z '),
    () => false,
  )

async function expectEnded(pids: readonly number[]): Promise<void> {
  await eventually(async () => !(await Promise.all(pids.map(isRunning))).includes(true), {
    withinMs: 20_000,
    what: 'the workers have ended',
  })
}

const codesOf = (answers: readonly GraphQLAnswer[]) => answers.map(({ code }) => code ?? 'OK')

test.runIf(isLinux)('uses are counted exactly, and replays refused, whichever worker is asked', async () => {
  await serveUntilReady()
  const { key } = await openAccount(url)
  const { id } = await storeKey(url, key, { maxUses: 20, overusePolicy: 'REFUSE' })
  const acquisitions = await Promise.all(
    Array.from({ length: 60 }, () =>
      signRequest(url, key, {
        query: wrappedKeyQuery,
        variables: { id, acquisitionId: crypto.randomUUID() },
      }),
    ),
  )
  const codes = codesOf(await Promise.all(acquisitions.map((request) => send(request))))
  expect(codes.filter((code) => code === 'OK')).toHaveLength(20)
  const replays = codesOf(await Promise.all(acquisitions.map((request) => send(request))))
  expect(new Set(replays)).toEqual(new Set(['UNAUTHENTICATED']))

  // Both have worked, and the metrics tell of all of it.
  expect(new Set(server.output().match(/(?<="worker":)\d+/g))).toEqual(new Set(['1', '2']))
  const text = await readMetrics(metricsPort)
  expect(sampleOf(text, 'claviger_acquisitions_total', { outcome: 'GRANTED' })).toBe(20)
  expect(sampleOf(text, 'claviger_deadlines_overdue')).toBe(0)
})

test.runIf(isLinux)('an alert reaches a subscriber, whichever worker raised it', async () => {
  const vault = await newVault(url)
  const received: Alert[] = []
  const ending = new AbortController()
  const following = Array.from({ length: 6 }, () => follow(vault, received, ending.signal))
  await eventually(() => sampleIsAtLeast('claviger_subscribers', 6), {
    withinMs: 10_000,
    what: 'all are subscribed',
  })
  const { id } = await vault.createKey(shop)
  await vault.revokeKey(id)
  await eventually(() => received.filter(({ kind }) => kind === 'KEY_REVOKED').length === 6, {
    withinMs: 10_000,
    what: 'each subscriber has the alert',
  })
  ending.abort()
  await Promise.all(following)
})

test.runIf(isLinux)('a worker that is killed is replaced, and what was acknowledged is there', async () => {
  const { key } = await openAccount(url)
  const stored: string[] = []
  let isOver = false
  const storing = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      const answer = await storeKey(url, key).catch(() => null)
      if (answer !== null) stored.push(answer.id)
    }
  })
  const [victim = 0] = await workers()
  await eventually(() => stored.length > 10, { withinMs: 20_000, what: 'some keys are stored' })
  process.kill(victim, 'SIGKILL')
  await eventually(async () => (await workers()).length === 2 && !(await workers()).includes(victim), {
    withinMs: 10_000,
    what: 'another worker has started',
  })
  const before = stored.length
  await eventually(() => stored.length > before + 10, { withinMs: 20_000, what: 'keys are stored again' })
  isOver = true
  await Promise.all(storing)
  const rows = await administrator.sql<
    { id: string }[]
  >`SELECT id FROM transaction_keys WHERE id = ANY(${stored})`
  expect(rows).toHaveLength(stored.length)
  expect(server.output()).toContain('another one takes its place')
})

test.runIf(isLinux)('SIGTERM to the main process lets requests finish, and ends all', async () => {
  const pids = await workers()
  const { key } = await openAccount(url)
  const storing = Promise.all(Array.from({ length: 20 }, () => storeKey(url, key).catch(() => 'refused')))
  expect(await server.stop()).toBe(0)
  await storing
  await expectEnded(pids)
})

test.runIf(isLinux)('workers whose main process was killed end as well', async () => {
  await serveUntilReady()
  const pids = await workers()
  await server.stop('SIGKILL')
  await expectEnded(pids)
})

test.runIf(isLinux)('a port that is taken is said as by one process, and nothing is left', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  try {
    await once(other, 'listening')
    const address = other.address()
    server = await serve({ port: typeof address === 'object' ? address?.port : undefined })
    expect(await server.exited).toBe(1)
    expect(server.output()).toMatch(/The key server did not start\.\n.*EADDRINUSE/)
  } finally {
    other.close()
  }
})

async function follow(vault: Vault, received: Alert[], signal: AbortSignal): Promise<void> {
  for await (const alert of vault.alerts({ signal })) received.push(alert)
}

async function sampleIsAtLeast(name: string, value: number): Promise<boolean> {
  return (sampleOf(await readMetrics(metricsPort), name) ?? 0) >= value
}
