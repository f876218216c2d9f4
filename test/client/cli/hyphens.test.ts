import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { startTestServer, testServerKeySecret, type TestServer } from '../../support/server.ts'
import { Claviger, membersOf } from './claviger.ts'

/** One thumbprint in 64 begins with a hyphen, and one in 4,096 with two. */
const thumbprints = [
  '-o5mm5Xkf-FHX5LWhLqNPecxJ9VXKqkxcWMYq02SEhY',
  '--5mm5Xkf-FHX5LWhLqNPecxJ9VXKqkxcWMYq02SEhY',
]

let database: TestDatabase
let server: TestServer
let home: string
let claviger: Claviger
beforeAll(async () => {
  database = await createTestDatabase()
  server = await startTestServer(database.url)
  home = await mkdtemp(join(tmpdir(), 'claviger-cli-'))
  const settings = { DATABASE_URL: database.url, SERVER_KEY_SECRET: testServerKeySecret }
  claviger = new Claviger(home, { CLAVIGER_URL: server.url, ...settings })
  await claviger.json('init', '--owner', 'alice')
})
afterAll(async () => {
  await rm(home, { recursive: true, force: true })
  await server.stop()
  await database.drop()
})

test.each(thumbprints)('%s is a device to revoke, and no option, wherever it stands', async (id) => {
  for (const args of [
    ['device', 'revoke', id, '--yes', '--json'],
    ['--json', 'device', 'revoke', '--yes', id],
  ]) {
    const { code, stderr } = await claviger.run(args)
    expect([code, membersOf(membersOf(JSON.parse(stderr))['error'])['code']]).toEqual([1, 'NOT_FOUND'])
  }
})

test.each(thumbprints)('%s is an application server’s key to approve and to remove', async (id) => {
  const approved = await claviger.run(['application-server', 'approve', 'urn:shop:1', id])
  expect(approved).toMatchObject({ code: 0, stdout: expect.stringContaining('Approved') as unknown })
  const removed = await claviger.run(['application-server', 'remove', 'urn:shop:1', id])
  expect(removed).toMatchObject({ code: 0, stdout: expect.stringContaining('Removed') as unknown })
})

test('an option that is none is still refused', async () => {
  expect(await claviger.run(['device', 'revoke', '-x', '--yes'])).toMatchObject({ code: 2 })
})
