import { hkdfSync } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { compactDecrypt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pino } from 'pino'
import { rotateServerKey } from '../../../server/server-keys/server-key-rows.ts'
import { connectDatabases, type Databases } from '../../../server/database/connect.ts'
import { pruneServerKeys } from '../../../server/database/pruning.ts'
import { settleClock } from '../../support/clock.ts'
import { startKeyServer } from '../../../server/index.ts'
import { administer, type Administrator } from '../../support/connections.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { call } from '../../support/raw-client.ts'
import { startTestServer, testServerKeySecret, type TestServer } from '../../support/server.ts'
import { checkOffline, createPublicKey, fetchKeySet, verify } from '../../support/server-keys.ts'

const otherSecret = 'another secret, as long as it must be 0123456789'

let database: TestDatabase
let databases: Databases
let servers: TestServer[]
let administrator: Administrator
let sql: Administrator['sql']
beforeAll(async () => {
  database = await createTestDatabase()
  databases = connectDatabases({ url: database.url, writeConnectionsMax: 1 })
  administrator = administer(database.url)
  sql = administrator.sql
  // All at once, on a database without a key.
  servers = await Promise.all(Array.from({ length: 4 }, () => startTestServer(database.url)))
})
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()))
  await administrator.close()
  await databases.close()
  await database.drop()
})

test('servers that start at once on one database make one key and sign with it', async () => {
  const [{ count } = { count: 0 }] = await sql<
    { count: number }[]
  >`SELECT count(*)::int AS count FROM server_keys`
  expect(count).toBe(1)
  const sets = await Promise.all(servers.map(({ url }) => fetchKeySet(url)))
  const answers = await Promise.all(servers.map(({ url }) => answerOf(url)))
  expect(new Set(sets.map(({ keys }) => JSON.stringify(keys))).size).toBe(1)
  expect(new Set(answers.map((answer) => decodeProtectedHeader(answer).kid))).toEqual(
    new Set([sets[0]?.keys[0]?.kid]),
  )
})

test('a server with another secret does not start, and says which secret and what can be done', async () => {
  const start = startTestServer(database.url, { serverKeySecret: otherSecret })
  await expect(start).rejects.toThrow(/SERVER_KEY_SECRET .* server-key rotate --secret-lost/)
})

test.each([
  ['short', 'k'.repeat(31)],
  ['made of few characters', 'changeme'.repeat(8)],
])('a secret that is %s is refused', async (_what, serverKeySecret) => {
  const start = startKeyServer({ databaseUrl: database.url, serverKeySecret, log: pino({ level: 'silent' }) })
  await expect(start).rejects.toThrow(/32 or more random characters/)
})

describe('a rotation', () => {
  test('is refused under another secret, and changes nothing then', async () => {
    const before = await fetchKeySet(urlOf(0))
    const rotation = rotateServerKey(databases.writes.db, { secret: otherSecret, isSecretLost: false })
    await expect(rotation).rejects.toThrow(/SERVER_KEY_SECRET/)
    await delay(1_100)
    expect(await fetchKeySet(urlOf(0))).toEqual(before)
  })

  test('keeps earlier answers checkable, and also those of a server that has not noticed it', async () => {
    const signedBefore = await answerOf(urlOf(0))
    const id = await rotateServerKey(databases.writes.db, {
      secret: testServerKeySecret,
      isSecretLost: false,
    })
    const signedUnaware = await answerOf(urlOf(1))
    expect(decodeProtectedHeader(signedUnaware).kid).toBe(decodeProtectedHeader(signedBefore).kid)

    // The key set is never older than a second, and a server that reads it signs with the new key.
    await delay(1_100)
    const keySet = await fetchKeySet(urlOf(0))
    expect(keySet.keys).toHaveLength(2)
    expect(keySet.keys[0]?.kid).toBe(id)
    const signedAfter = await answerOf(urlOf(0))
    expect(decodeProtectedHeader(signedAfter).kid).toBe(id)

    for (const [answer, index] of [
      [signedBefore, 0],
      [signedUnaware, 1],
      [signedAfter, 0],
    ] as const) {
      const issuer = servers[index]?.origins[0] ?? ''
      await expect(checkOffline(answer, { keySet, issuer })).resolves.toMatchObject({ coincides: false })
    }
  })

  test('leaves the old key published for 20 minutes: 14 more than the last answer by it can live', async () => {
    const [{ id } = { id: '' }] = await sql<
      { id: string }[]
    >`SELECT id FROM server_keys WHERE retired_at IS NOT NULL`
    const publishedAfter = async (minutes: number): Promise<boolean> => {
      await sql`UPDATE server_keys SET retired_at = clock_timestamp() - make_interval(secs => ${minutes * 60})
        WHERE id = ${id}`
      await delay(1_100)
      return (await fetchKeySet(urlOf(2))).keys.some(({ kid }) => kid === id)
    }
    expect(await publishedAfter(19.9)).toBe(true)
    expect(await publishedAfter(20)).toBe(false)
  })

  test('leaves the old key listed for a day', async () => {
    const countRetired = async (hours: number): Promise<number> => {
      await sql`UPDATE server_keys SET retired_at = clock_timestamp() - make_interval(hours => ${hours}, secs => 0.01)
        WHERE retired_at IS NOT NULL`
      await settleClock(sql)
      await pruneServerKeys(databases)
      const rows = await sql`SELECT id FROM server_keys WHERE retired_at IS NOT NULL`
      return rows.length
    }
    expect(await countRetired(23)).toBe(1)
    expect(await countRetired(24)).toBe(0)
  })
})

describe('the private key', () => {
  test('is in no row of the database and in no line of the logs in the clear', async () => {
    const [row] = await sql<{ id: string; x: string; sealed: string }[]>`
      SELECT id, public_key ->> 'x' AS x, sealed_private_key AS sealed FROM server_keys WHERE retired_at IS NULL`
    if (!row) throw new Error('a key')
    const { d } = await unseal(row.sealed, row.id)
    expect(Buffer.from(d, 'base64url')).toHaveLength(32)

    const dump = await dumpAllTables()
    const logs = servers.flatMap(({ logLines }) => logLines).join('\n')
    expect(spellings(d).filter((text) => dump.includes(text) || logs.includes(text))).toEqual([])
    expect(
      spellings(testServerKeySecret).filter((text) => dump.includes(text) || logs.includes(text)),
    ).toEqual([])
    // This would be seen: the public half is in the clear.
    expect(spellings(row.x).some((text) => dump.includes(text))).toBe(true)
  })

  test('that somebody else put into the database is neither published nor used', async () => {
    const [server] = servers
    if (!server) throw new Error('a server')
    const [active] = await sql<{ id: string }[]>`SELECT id FROM server_keys WHERE retired_at IS NULL`
    const forged = 'A'.repeat(43)
    await sql`INSERT INTO server_keys (id, public_key, sealed_private_key, created_at)
      SELECT ${forged}, ${sql.json({ kty: 'OKP', crv: 'Ed25519', x: forged })}, sealed_private_key, created_at - interval '1 hour'
      FROM server_keys WHERE retired_at IS NULL`
    try {
      await delay(1_100)
      const { keys } = await fetchKeySet(server.url)
      expect(keys.map(({ kid }) => kid)).toEqual([active?.id])
      expect(decodeProtectedHeader(await answerOf(server.url)).kid).toBe(active?.id)
      expect(server.logLines.some((line) => line.includes('sealed under another secret'))).toBe(true)
    } finally {
      await sql`DELETE FROM server_keys WHERE id = ${forged}`
    }
  })
})

test('without a key that it can open a server still verifies, and reports that it cannot sign', async () => {
  const [server] = servers
  if (!server) throw new Error('a server')
  await rotateServerKey(databases.writes.db, { secret: otherSecret, isSecretLost: true })
  await delay(1_100)
  expect((await fetchKeySet(server.url)).keys).toEqual([])
  expect(await verify(server.url, await unknown(), 'coincides')).toEqual({ coincides: false })
  const { code, data } = await call(server.url, null, {
    query: 'query ($input: VerifyPublicKeyInput!) { verifyPublicKey(input: $input) { answer } }',
    variables: { input: { applicationServer: 'https://shop.example', ...(await unknown()) } },
  })
  expect(code).toBe('UNAVAILABLE')
  expect(data).toBeNull()
})

function urlOf(index: number): string {
  return servers[index]?.url ?? ''
}

async function unknown() {
  return { owner: 'nobody', publicKey: await createPublicKey() }
}

async function answerOf(url: string): Promise<string> {
  return (await verify(url, await unknown())).answer
}

async function unseal(sealed: string, id: string): Promise<{ d: string }> {
  const key = new Uint8Array(hkdfSync('sha256', testServerKeySecret, id, 'claviger server key', 32))
  const { plaintext } = await compactDecrypt(sealed, key)
  const jwk: { d: string } = JSON.parse(new TextDecoder().decode(plaintext))
  return jwk
}

/** How bytes in base64url would stand in a text. */
function spellings(base64url: string): string[] {
  const bytes = Buffer.from(base64url, 'base64url')
  return [base64url, bytes.toString('base64').replace(/=+$/, ''), bytes.toString('hex')]
}

async function dumpAllTables(): Promise<string> {
  const tables = await sql<{ name: string }[]>`
    SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`
  expect(tables.length).toBeGreaterThan(8)
  const dumps = await Promise.all(tables.map(({ name }) => sql.unsafe(`SELECT t::text FROM ${name} t`)))
  return JSON.stringify(dumps)
}
