import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findServerKeySecret } from '../../server/answers/secret.ts'
import { runScript, type ChildEnd } from '../support/child.ts'
import { emptyTestDatabase } from '../support/database.ts'
import { startWorld, testServerKeySecret, type TestServer } from '../support/server.ts'
import { fetchKeySet } from './support.ts'

const otherSecret = 'another secret, as long as it must be 0123456789'

let server: TestServer
let dataDirectory: string
beforeAll(async () => {
  server = await startWorld()
  dataDirectory = await mkdtemp(join(tmpdir(), 'claviger-secret-'))
})
afterAll(async () => {
  await server.stop()
  await rm(dataDirectory, { recursive: true, force: true })
})

test('claviger server-key rotate makes a new key beside a running server, and list shows both', async () => {
  const before = await fetchKeySet(server.url)
  const rotated = await command(['rotate'], { SERVER_KEY_SECRET: testServerKeySecret })
  expect(rotated).toMatchObject({ code: 0, errors: '' })
  const listed = await command(['list'], {})
  const [first = '', second = '', ...others] = listed.output.trim().split('\n')
  expect(others).toEqual([])
  expect(first).toMatch(/^\S{43} {2}made \S+ {2}signs$/)
  expect(second).toMatch(/^\S{43} {2}made \S+ {2}retired \S+, published until \S+$/)
  expect(second.startsWith(before.keys[0]?.kid ?? '?')).toBe(true)
  await expect.poll(async () => (await fetchKeySet(server.url)).keys.length, { timeout: 5_000 }).toBe(2)
  expect((await fetchKeySet(server.url)).keys[0]?.kid).toBe(first.slice(0, 43))
}, 30_000)

test('claviger server-key rotate refuses another secret, unless the secret is said to be lost', async () => {
  const refused = await command(['rotate'], { SERVER_KEY_SECRET: otherSecret })
  expect(refused).toMatchObject({ code: 1, output: '' })
  expect(refused.errors).toContain('--secret-lost')
  expect(refused.errors).not.toContain(otherSecret)
  const replaced = await command(['rotate', '--secret-lost'], { SERVER_KEY_SECRET: otherSecret })
  expect(replaced.code).toBe(0)
  expect((await command(['list'], {})).output.trim().split('\n')).toHaveLength(1)
}, 30_000)

test('claviger server-key says in words that a database is not one of ours, and how it is used', async () => {
  const empty = await emptyTestDatabase()
  try {
    const listed = await command(['list'], { DATABASE_URL: empty.url })
    expect(listed).toMatchObject({ code: 1, output: '' })
    expect(listed.errors).toContain('claviger serve')
  } finally {
    await empty.drop()
  }
  for (const args of [[], ['rotte'], ['list', '--secret-lost'], ['list', 'all']]) {
    expect(await command(args, {})).toMatchObject({ code: 2, output: '' })
  }
  expect(await command(['--help'], {})).toMatchObject({ code: 0, errors: '' })
}, 30_000)

test('without SERVER_KEY_SECRET the secret is a random one in a file that only its user reads, and stays', async () => {
  const config = { serverKeySecret: null, databaseUrl: null, dataDirectory, isDevelopment: false }
  const secrets = await Promise.all(Array.from({ length: 8 }, () => findServerKeySecret(config)))
  expect(new Set(secrets).size).toBe(1)
  const file = join(dataDirectory, 'server-key-secret')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect((await readFile(file, 'utf8')).trim()).toBe(secrets[0])
  expect(Buffer.from(secrets[0] ?? '', 'base64url')).toHaveLength(32)
})

test('with a database elsewhere the file is for development only', async () => {
  const config = { serverKeySecret: null, databaseUrl: 'postgres://db.example/claviger', dataDirectory }
  await expect(findServerKeySecret({ ...config, isDevelopment: true })).resolves.toHaveLength(43)
  await expect(findServerKeySecret({ ...config, isDevelopment: false })).rejects.toThrow(
    /SERVER_KEY_SECRET must be set/,
  )
})

function command(args: readonly string[], env: Record<string, string>): Promise<ChildEnd> {
  return runScript('bin/claviger.js', {
    args: ['server-key', ...args],
    env: { DATABASE_URL: server.databaseUrl, DATA_DIR: dataDirectory, ...env },
    timeoutMs: 20_000,
  }).ended
}
