import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isServerKeySecret, serverKeySecretOf } from '../../../server/server-keys/sealing-secret.ts'
import { explainStartFailure } from '../../../server/operator/start-failure.ts'
import { runScript, type ChildEnd } from '../../support/child.ts'
import { createTestDatabase, emptyTestDatabase } from '../../support/database.ts'
import { startTestServer, testServerKeySecret } from '../../support/server.ts'
import { fetchKeySet } from '../../support/server-keys.ts'
import { useWorld } from '../../support/world.ts'

const otherSecret = 'another secret, as long as it must be 0123456789'

const server = useWorld()
let dataDirectory: string
beforeAll(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), 'claviger-secret-'))
})
afterAll(async () => {
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
})

test('claviger server-key prepare makes the key that rotate then lets sign, and both list the state of each', async () => {
  const secret = { SERVER_KEY_SECRET: testServerKeySecret }
  const prepared = await command(['prepare'], secret)
  expect(prepared).toMatchObject({ code: 0, errors: '' })
  const [id = ''] = /^\S{43}/.exec(prepared.output) ?? []
  expect(prepared.output).toMatch(new RegExp(`signs\\n${id} {2}made \\S+ {2}prepared, published\\n`))
  await expect
    .poll(async () => (await fetchKeySet(server.url)).keys.map(({ kid }) => kid), { timeout: 5_000 })
    .toContain(id)
  const rotated = await command(['rotate'], secret)
  expect(rotated.output).toMatch(new RegExp(`^${id} signs from now on`))
  expect(rotated.output).toMatch(new RegExp(`\\n${id} {2}made \\S+ {2}signs\\n`))
})

test('claviger server-key rotate refuses another secret, unless the secret is said to be lost', async () => {
  const refused = await command(['rotate'], { SERVER_KEY_SECRET: otherSecret })
  expect(refused).toMatchObject({ code: 1, output: '' })
  expect(refused.errors).toContain('--secret-lost')
  expect(refused.errors).not.toContain(otherSecret)
  const replaced = await command(['rotate', '--secret-lost'], { SERVER_KEY_SECRET: otherSecret })
  expect(replaced.code).toBe(0)
  expect((await command(['list'], {})).output.trim().split('\n')).toHaveLength(1)
})

test('claviger server-key says in words that a database is not one of ours, and how it is used', async () => {
  const empty = await emptyTestDatabase()
  try {
    const listed = await command(['list'], { DATABASE_URL: empty.url })
    expect(listed).toMatchObject({ code: 1, output: '' })
    expect(listed.errors).toContain('claviger serve')
  } finally {
    await empty.drop()
  }
  const misused = [[], ['rotte'], ['list', '--secret-lost'], ['prepare', '--secret-lost'], ['list', 'all']]
  for (const end of await Promise.all(misused.map((args) => command(args, {})))) {
    expect(end).toMatchObject({ code: 2, output: '' })
  }
  expect(await command(['--help'], {})).toMatchObject({ code: 0, errors: '' })
}, 60_000)

test('without SERVER_KEY_SECRET the secret is made from the password of the database, so that all servers on it share it', () => {
  const secretOf = (databaseUrl: string) => serverKeySecretOf({ serverKeySecret: null, databaseUrl })
  const secret = secretOf('postgres://a:one@db.example/claviger')
  expect(isServerKeySecret(secret)).toBe(true)
  expect(secret).not.toContain('one')
  expect(secretOf('postgresql://a:one@127.0.0.1:5433/claviger?sslmode=require')).toBe(secret)
  expect(secretOf('postgres://a:two@db.example/claviger')).not.toBe(secret)
  expect(isServerKeySecret(secretOf('postgres://db.example/claviger'))).toBe(true)
  expect(serverKeySecretOf({ serverKeySecret: otherSecret, databaseUrl: 'postgres://a:one@x/y' })).toBe(
    otherSecret,
  )
})

test('after a change of the password the start says how to put it right, and that does', async () => {
  const url = new URL(server.databaseUrl)
  const database = await createTestDatabase()
  const { pathname } = new URL(database.url)
  url.pathname = pathname
  const old = serverKeySecretOf({ serverKeySecret: null, databaseUrl: 'postgres://u:old%40pass@h/d' })
  await (await startTestServer(url.href, { serverKeySecret: old })).stop()
  try {
    const failure = await startTestServer(url.href, { serverKeySecret: otherSecret }).then(
      () => '',
      (error: unknown) => explainStartFailure(error),
    )
    const [, recipe = ''] = /"(printf [^"]*)"/.exec(failure) ?? []
    const made = execFileSync('sh', ['-c', recipe.replace('OLD_PASSWORD', 'old%40pass')], {
      encoding: 'utf8',
    })
    expect(made.trim()).toBe(old)
    await (await startTestServer(url.href, { serverKeySecret: made.trim() })).stop()
  } finally {
    await database.drop()
  }
}, 30_000)

function command(args: readonly string[], env: Record<string, string>): Promise<ChildEnd> {
  return runScript('client/bin/claviger.js', {
    args: ['server-key', ...args],
    env: { DATABASE_URL: server.databaseUrl, DATA_DIR: dataDirectory, ...env },
    timeoutMs: 60_000,
  }).ended
}
