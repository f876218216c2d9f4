import { setTimeout as delay } from 'node:timers/promises'
import { decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  prepareServerKey,
  rotateServerKey,
  selectServerKeys,
  stateOf,
} from '../../../server/server-keys/server-key-rows.ts'
import { connectDatabases, type Databases } from '../../../server/database/connect.ts'
import { createVerifier } from '../../../client/verifier/create-verifier.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { call, openAccount, storeKey } from '../../support/raw-client.ts'
import { startTestServer, testServerKeySecret, type TestServer } from '../../support/server.ts'
import { createPublicKey, fetchKeySet, verify } from '../../support/server-keys.ts'

const otherSecret = 'another secret, as long as it must be 0123456789'

let database: TestDatabase
let databases: Databases
let servers: TestServer[]
beforeAll(async () => {
  database = await createTestDatabase()
  databases = connectDatabases({ url: database.url, writeConnectionsMax: 4 })
  servers = await Promise.all([startTestServer(database.url), startTestServer(database.url)])
})
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()))
  await databases.close()
  await database.drop()
})
beforeEach(async () => {
  await databases.writes.sql`DELETE FROM server_keys WHERE is_prepared OR retired_at IS NOT NULL`
  await published()
})

const prepare = (secret = testServerKeySecret) => prepareServerKey(databases.writes.db, { secret })
const rotate = (secret = testServerKeySecret, isSecretLost = false) =>
  rotateServerKey(databases.writes.db, { secret, isSecretLost })

/** The ids that every server publishes, once none of them answers from an older reading. */
async function published(): Promise<(string | undefined)[]> {
  await delay(1_100)
  const sets = await Promise.all(servers.map(({ url }) => fetchKeySet(url)))
  const [ids = [], others] = sets.map(({ keys }) => keys.map(({ kid }) => kid))
  expect(others).toEqual(ids)
  return ids
}

async function signers(): Promise<Set<string | undefined>> {
  const input = { owner: 'nobody', publicKey: await createPublicKey() }
  const answers = await Promise.all(servers.map(({ url }) => verify(url, input)))
  return new Set(answers.map(({ answer }) => decodeProtectedHeader(answer).kid))
}

async function states(): Promise<string[]> {
  return (await selectServerKeys(databases.reads.db)).map(stateOf)
}

describe('a prepared key', () => {
  test('is published by every server behind the one that signs, and signs nothing', async () => {
    const [signing] = await published()
    const id = await prepare()
    expect(await published()).toEqual([signing, id])
    expect(await signers()).toEqual(new Set([signing]))
    const { data } = await call(servers[0]?.url ?? '', null, { query: '{ keyServer { signingKeys } }' })
    expect(data?.['keyServer'].signingKeys.map(({ kid }: { kid: string }) => kid)).toEqual([signing, id])
  })

  test('signs after the next rotation, and the rotation after that makes a new one', async () => {
    const [first] = await published()
    const second = await prepare()
    expect(await rotate()).toBe(second)
    expect(await published()).toEqual([second, first])
    expect(await signers()).toEqual(new Set([second]))
    const third = await rotate()
    expect([first, second]).not.toContain(third)
    expect(await published()).toEqual([third, second, first])
    expect(await states()).toEqual(['SIGNING', 'RETIRED', 'RETIRED'])
  })

  test('is one, however often and however much at once it is prepared', async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => prepare()))
    expect(new Set(ids).size).toBe(1)
    expect(await prepare()).toBe(ids[0])
    expect(await states()).toEqual(['SIGNING', 'PREPARED'])
  })

  test('signs after one of several rotations at once, each of which leaves one key that signs', async () => {
    const prepared = await prepare()
    const ids = await Promise.all(Array.from({ length: 4 }, () => rotate()))
    expect(ids).toContain(prepared)
    expect(new Set(ids).size).toBe(4)
    expect((await states()).filter((state) => state !== 'RETIRED')).toEqual(['SIGNING'])
  })

  test('outlives a restart of a server, without signing', async () => {
    const [signing] = await published()
    const id = await prepare()
    const restarted = await startTestServer(database.url)
    try {
      expect((await fetchKeySet(restarted.url)).keys.map(({ kid }) => kid)).toEqual([signing, id])
    } finally {
      await restarted.stop()
    }
    expect(await states()).toEqual(['SIGNING', 'PREPARED'])
  })

  test('is not made under another secret, nor made to sign', async () => {
    await expect(prepare(otherSecret)).rejects.toThrow(/SERVER_KEY_SECRET/)
    const id = await prepare()
    await expect(prepare(otherSecret)).rejects.toThrow(/SERVER_KEY_SECRET/)
    await expect(rotate(otherSecret)).rejects.toThrow(/SERVER_KEY_SECRET/)
    expect((await published())[1]).toBe(id)
  })
})

test('application servers that pinned both keys are let in before, during and after the rotation', async () => {
  const [server] = servers
  if (!server) throw new Error('a server')
  const owner = await openAccount(server.url)
  const { publicKey } = await storeKey(server.url, owner.key)
  await prepare()
  await published()
  const verifier = createVerifier({
    url: server.url,
    applicationServer: 'https://shop.example',
    signedAnswers: { jwks: await fetchKeySet(server.url), issuer: server.origins[0] },
    cacheSeconds: 0,
  })
  const isLetIn = async () => (await verifier.verify({ owner: owner.name, publicKey })).valid
  expect(await isLetIn()).toBe(true)
  await rotate()
  expect(await isLetIn()).toBe(true)
  await published()
  expect(await isLetIn()).toBe(true)
  // Negative control: an answer by a key that is not pinned is refused.
  await rotate()
  await published()
  expect(await isLetIn()).toBe(false)
})

test('a lost secret takes the prepared key with it', async () => {
  const prepared = await prepare()
  const id = await rotate(otherSecret, true)
  expect(id).not.toBe(prepared)
  expect(await states()).toEqual(['SIGNING'])
})
