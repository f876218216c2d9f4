import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { Claviger } from '../../client/cli/claviger.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { mailServer } from '../../support/mail-server.ts'
import { freePort, startTestServer, testServerKeySecret, type TestServer } from '../../support/server.ts'

let database: TestDatabase
let server: TestServer

beforeAll(async () => {
  database = await createTestDatabase()
  server = await startTestServer(database.url)
})
afterAll(async () => {
  await server.stop()
  await database.drop()
})

const document = z.object({
  healthy: z.boolean(),
  checks: z.array(z.object({ name: z.string(), status: z.string(), detail: z.string() })),
})

async function doctor(args: readonly string[], environment: Record<string, string> = {}) {
  const { code, stdout } = await new Claviger(tmpdir()).run(['doctor', '--json', ...args], {
    env: environment,
  })
  return { code, ...document.parse(JSON.parse(stdout)) }
}

test('a healthy server is found healthy from both ends', async () => {
  const { code, healthy, checks } = await doctor([], {
    DATABASE_URL: database.url,
    SERVER_KEY_SECRET: testServerKeySecret,
    PUBLIC_URL: server.url,
  })
  expect(checks.filter(({ status }) => status !== 'ok')).toEqual([])
  expect({ code, healthy }).toEqual({ code: 0, healthy: true })
  const names = checks.map(({ name }) => name.replace(/ of http.*/, ''))
  const all = [
    'settings',
    'database',
    'listen',
    'database clock',
    'name',
    'health',
    'readiness',
    'clock',
    'GraphQL',
  ]
  expect(names).toEqual([...all, 'WebSocket', 'event stream'])
}, 30_000)

test('an origin that the server is not known by is found, with what to set', async () => {
  const other = server.url.replace('127.0.0.1', '127.0.0.2')
  const { code, checks } = await doctor([server.url])
  expect({ code, failed: checks.filter(({ status }) => status === 'failed') }).toEqual({
    code: 0,
    failed: [],
  })
  const unreachable = await doctor([other.replace(/:\d+$/, `:${String(await freePort())}`)])
  expect(unreachable.code).toBe(1)
  expect(unreachable.checks.at(-1)).toMatchObject({
    status: 'failed',
    detail: expect.stringContaining('cannot be reached'),
  })
  const stranger = await startTestServer(database.url, { publicOrigins: ['https://keys.example'] })
  try {
    const { code: found, checks: wrong } = await doctor([stranger.url])
    expect(found).toBe(1)
    const failed = wrong.filter(({ status }) => status === 'failed')
    expect(failed.map(({ detail }) => detail)).toEqual([expect.stringContaining('to PUBLIC_URL')])
  } finally {
    await stranger.stop()
  }
}, 60_000)

test('a certificate that no known CA vouches for is found, with what to set', async ({ skip }) => {
  const directory = await mkdtemp(join(tmpdir(), 'claviger-doctor-'))
  try {
    const [keyFile, certificateFile] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')]
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30']
    const args = ['req', '-x509', ...kind, ...subject, '-keyout', keyFile, '-out', certificateFile]
    await promisify(execFile)('openssl', args).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
      skip('openssl is not installed')
    })
    const [key, cert] = [await readFile(keyFile), await readFile(certificateFile)]
    // Any server with TLS will do.
    const { port } = await mailServer({ secure: true, key, cert })
    const origin = `https://localhost:${String(port)}`
    const found = async (environment: Record<string, string>) =>
      (await doctor([origin], environment)).checks.find(({ name }) => name === `certificate of ${origin}`)
    expect(await found({})).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('set NODE_EXTRA_CA_CERTS'),
    })
    expect(await found({ NODE_EXTRA_CA_CERTS: certificateFile })).toMatchObject({ status: 'ok' })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}, 60_000)

test('a mail server that takes no login is found, and one that works is sent nothing', async () => {
  const mails = await mailServer({
    authOptional: false,
    onAuth: ({ password }, _session, done) => {
      done(null, password === 'right' ? { user: 'keys' } : undefined)
    },
  })
  const settings = { DATABASE_URL: database.url, SERVER_KEY_SECRET: testServerKeySecret }
  const find = async (url: string) => {
    const environment = { ...settings, SMTP_URL: url, SMTP_FROM: 'Claviger <alerts@keys.example>' }
    const { checks } = await doctor([], environment)
    return checks.find(({ name }) => name === 'mail')
  }
  expect(await find(mails.url.replace('://', '://keys:right@'))).toEqual({
    name: 'mail',
    status: 'ok',
    detail: 'The mail server is ready.',
  })
  expect(mails.mails).toEqual([])
  expect(await find(mails.url.replace('://', '://keys:hunter2@'))).toEqual({
    name: 'mail',
    status: 'failed',
    detail: 'The mail server refuses user and password of SMTP_URL.',
  })
}, 60_000)

test('settings that are wrong or misspelt and a database that is away are told, without a password', async () => {
  const away = `postgres://nobody:hunter2@127.0.0.1:${String(await freePort())}/keys`
  const { code, checks } = await doctor([], { DATABASE_URL: away, PUBLIC_URLS: 'https://keys.example' })
  expect(code).toBe(1)
  expect(checks.find(({ name }) => name === 'database')?.status).toBe('failed')
  expect(checks.find(({ status }) => status === 'warning')?.detail).toContain('PUBLIC_URL is the nearest')
  expect(JSON.stringify(checks)).not.toContain('hunter2')
  const invalid = await doctor([], { PORT: 'x' })
  expect(invalid.checks).toContainEqual({
    name: 'settings',
    status: 'failed',
    detail: expect.stringContaining('PORT: must be'),
  })
}, 30_000)
