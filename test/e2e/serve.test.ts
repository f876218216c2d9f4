import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { call, openAccount } from '../support/raw-client.ts'
import { run, type TestProcess } from '../support/processes.ts'
import { freePort } from '../support/server.ts'

let directory: string
let port: number
let url: string
const started: TestProcess[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'claviger-serve-'))
  port = await freePort()
  url = `http://127.0.0.1:${port}`
})

afterEach(async () => {
  for (const server of started.splice(0)) await server.stop()
  await rm(directory, { recursive: true, force: true })
})

test('without a database it runs on an embedded one, says where everything is, and is ready', async () => {
  const server = serve()
  await server.says('is ready')
  for (const fact of [`http://localhost:${port}/graphql`, '/readyz', directory, 'Ctrl-C']) {
    expect(server.output()).toContain(fact)
  }
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
})

test('Ctrl-C stops server and database cleanly, and what was stored is there at the next start', async () => {
  const first = serve()
  await first.says('is ready')
  const { key, name } = await openAccount(url)
  expect(await first.stop('SIGINT')).toBe(0)
  await expect(readFile(join(directory, 'postgres', 'postmaster.pid'))).rejects.toMatchObject({
    code: 'ENOENT',
  })

  await serve().says('is ready')
  expect((await call(url, key, { query: '{ account { name } }' })).data).toEqual({ account: { name } })
})

test('the stale database of a killed server is recovered at the next start', async () => {
  const first = serve()
  await first.says('is ready')
  const { key, name } = await openAccount(url)
  await first.stop('SIGKILL')
  // It is still there: a killed server leaves its PostgreSQL behind.
  await readFile(join(directory, 'postgres', 'postmaster.pid'))

  await serve().says('is ready')
  expect((await call(url, key, { query: '{ account { name } }' })).data).toEqual({ account: { name } })
})

test('wrong configuration is reported all at once, in words, before anything starts', async () => {
  const server = serve({ PORT: '99999', PUBLIC_URL: 'https://keys.example/path', LOG_LEVEL: 'loud' })
  expect(await server.exited).toBe(1)
  expect(server.output()).toContain('3 problem')
  for (const name of ['PORT', 'PUBLIC_URL', 'LOG_LEVEL'])
    expect(server.output()).toContain(`${name}: must be`)
  expect(server.output()).not.toMatch(/\bat .*\.ts:/)
})

test('--check-config says where each setting comes from, names what is misspelt, and starts nothing', async () => {
  const server = serve({ PUBLIC_URLS: 'https://keys.example' }, ['--check-config', '--port', '4321'])
  expect(await server.exited).toBe(0)
  expect(server.output()).toContain('PORT: 4321 (flag)')
  expect(server.output()).toContain('PUBLIC_URL is the nearest')
  expect(server.output()).not.toContain('is ready')
  await expect(readFile(join(directory, 'postgres', 'PG_VERSION'))).rejects.toMatchObject({ code: 'ENOENT' })
})

test('in production a server that would be dangerous does not start, and says how to put it right', async () => {
  const server = serve({ NODE_ENV: 'production', HOST: '0.0.0.0', PUBLIC_URL: 'http://keys.example' })
  expect(await server.exited).toBe(1)
  expect(server.output()).toContain('PUBLIC_URL: has http://keys.example')
})

test('a setting that is missed and one that is misspelt are told together', async () => {
  const server = serve({ NODE_ENV: 'production', HOST: '0.0.0.0', PUBLIC_URLS: 'https://keys.example' })
  expect(await server.exited).toBe(1)
  expect(server.output()).toContain('PUBLIC_URL: is missing')
  expect(server.output()).toContain('PUBLIC_URLS is no setting of the key server: PUBLIC_URL is the nearest')
})

test('options without a command are those of serve, and --version tells the version', async () => {
  const checking = runServer(['--port', '4321', '--check-config'])
  expect(await checking.exited).toBe(0)
  expect(checking.output()).toContain('PORT: 4321 (flag)')
  const telling = runServer(['--version'])
  expect(await telling.exited).toBe(0)
  expect(telling.output()).toMatch(/^\d+\.\d+\.\d+\n$/)
  const unknown = runServer(['--coffee'])
  expect(await unknown.exited).toBe(1)
  expect(unknown.output()).toContain('no option --coffee')
})

test('--help lists the settings without starting anything', async () => {
  const server = serve({}, ['--help'])
  expect(await server.exited).toBe(0)
  expect(server.output()).toContain('--server-key-secret-file FILE')
})

test('a secret in wrong configuration is not repeated', async () => {
  const server = serve({ DATABASE_URL: 'mysql://user:hunter2@localhost/keys' })
  expect(await server.exited).toBe(1)
  expect(server.output()).toContain('DATABASE_URL')
  expect(server.output()).not.toContain('hunter2')
})

test('a taken port is reported in words, and the database is stopped again', async () => {
  const holder = createServer().listen(port, '127.0.0.1')
  try {
    const server = serve()
    expect(await server.exited).toBe(1)
    expect(server.output()).toContain('set PORT to another one')
    await expect(readFile(join(directory, 'postgres', 'postmaster.pid'))).rejects.toMatchObject({
      code: 'ENOENT',
    })
  } finally {
    holder.close()
  }
})

test('an external database that cannot be reached is reported in words', async () => {
  const server = serve({ DATABASE_URL: `postgres://nobody:hunter2@127.0.0.1:${port}/keys` })
  expect(await server.exited).toBe(1)
  expect(server.output()).toContain('look at DATABASE_URL')
  expect(server.output()).not.toContain('hunter2')
})

/** The binary of the server's own package. */
function runServer(args: readonly string[]): TestProcess {
  const server = run(['server/bin/claviger-server.js', ...args], { DATA_DIR: directory, DATABASE_URL: '' })
  started.push(server)
  return server
}

function serve(environment: Record<string, string> = {}, flags: readonly string[] = []): TestProcess {
  const server = run(['client/bin/claviger.js', 'serve', ...flags], {
    DATA_DIR: directory,
    DATABASE_URL: '',
    PORT: String(port),
    SERVER_KEY_SECRET: 'c2VjcmV0IG9mIHRoZSB0ZXN0cyBvZiBhIHByb2Nlc3M',
    ...environment,
  })
  started.push(server)
  return server
}
