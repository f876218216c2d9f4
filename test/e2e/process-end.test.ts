import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase } from '../support/database.ts'
import { eventually } from '../support/connections.ts'
import { run, type TestProcess } from '../support/processes.ts'
import { freePort } from '../support/server.ts'

const hasSignals = process.platform !== 'win32'
if (!hasSignals) process.stdout.write('Skipped: Windows has no signals between processes.\n')

let directory: string
let port: number
const cleanUps: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'claviger-end-'))
  port = await freePort()
})
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
  await rm(directory, { recursive: true, force: true })
})

test.runIf(hasSignals).each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  '%s ends server and PostgreSQL in order',
  async (signal) => {
    const server = serve()
    await server.says('is ready')
    expect(await server.stop(signal)).toBe(0)
    await expectNoPostgres()
  },
)

test.runIf(hasSignals)('a closed standard output while it stops harms nothing', async () => {
  const server = serve()
  await server.says('is ready')
  server.child.stdout?.destroy()
  expect(await server.stop()).toBe(0)
  await expectNoPostgres()
})

test.runIf(hasSignals)('a closed standard output ends it in order, whatever writes there', async () => {
  const server = serve()
  await server.says('Starting PostgreSQL')
  server.child.stdout?.destroy()
  expect(await server.exited).toBe(0)
  await expectNoPostgres()
})

test.runIf(hasSignals)('a signal while it starts ends it in order once it has started', async () => {
  const server = serve()
  await server.says('Starting PostgreSQL')
  expect(await server.stop()).toBe(0)
  expect(server.output()).toContain('as soon as it has started')
  await expectNoPostgres()
})

test.runIf(hasSignals)('a signal that comes twice at once, as under npm, is one wish', async () => {
  const server = serve()
  await server.says('is ready')
  server.child.kill('SIGINT')
  expect(await server.stop('SIGINT')).toBe(0)
  await expectNoPostgres()
})

test.runIf(hasSignals).each(['SIGTERM', 'SIGKILL'] as const)(
  '%s to npm start ends the server that npm has started',
  async (signal) => {
    const npm = spawn('npm', ['start'], { env: environment(), stdio: ['ignore', 'pipe', 'ignore'] })
    let output = ''
    npm.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
    await eventually(() => Promise.resolve(output.includes('is ready')), {
      withinMs: 45_000,
      what: 'the server is ready',
    })
    npm.kill(signal)
    await eventually(() => fetch(`http://127.0.0.1:${port}/healthz`).then(isFalse, isTrue), {
      withinMs: 15_000,
      what: 'nobody listens any more',
    })
    await eventually(async () => (await postmasterPid()) === undefined, {
      withinMs: 15_000,
      what: 'PostgreSQL is gone',
    })
  },
)

test.runIf(hasSignals)(
  'during SHUTDOWN_DELAY_SECONDS /readyz answers 503 and requests are served, then the listener closes',
  async () => {
    const database = await createTestDatabase()
    cleanUps.push(() => database.drop())
    const server = serve({ DATABASE_URL: database.url, SHUTDOWN_DELAY_SECONDS: '3' })
    await server.says('is ready')
    const startedAt = performance.now()
    const ended = server.stop()
    await server.says('SIGTERM')
    await setTimeout(500)
    const readiness = await fetch(`http://127.0.0.1:${port}/readyz`)
    expect(readiness.status).toBe(503)
    expect(await readiness.json()).toMatchObject({ status: 'not ready', reason: 'the server is stopping' })
    const answer = await fetch(`http://127.0.0.1:${port}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ __typename }"}',
    })
    expect(await answer.json()).toEqual({ data: { __typename: 'Query' } })
    expect(await ended).toBe(0)
    expect(performance.now() - startedAt).toBeGreaterThan(2_900)
  },
)

function environment(settings: Record<string, string> = {}): NodeJS.ProcessEnv {
  return {
    ...process.env,
    NODE_OPTIONS: '',
    DATA_DIR: directory,
    DATABASE_URL: '',
    PORT: String(port),
    ...settings,
  }
}

function serve(settings: Record<string, string> = {}): TestProcess {
  const server = run(['client/bin/claviger.js', 'serve'], {
    DATA_DIR: directory,
    DATABASE_URL: '',
    PORT: String(port),
    ...settings,
  })
  cleanUps.push(() => server.stop())
  return server
}

async function expectNoPostgres(): Promise<void> {
  expect(await postmasterPid()).toBeUndefined()
}

async function postmasterPid(): Promise<number | undefined> {
  const text = await readFile(join(directory, 'postgres', 'postmaster.pid'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : Number.parseInt(text)
}

const isTrue = () => true
const isFalse = () => false
