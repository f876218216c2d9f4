import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeProtectedHeader } from 'jose'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { collectMessages, run, type TestProcess } from '../support/processes.ts'
import { freePort } from '../support/server.ts'

/*
 * Three real processes on a network: a client (client-process.ts), the key server (`claviger serve`) and an application
 * server (examples/application-server.js). The client does everything once; each test looks at what it reported, and at
 * what the key server's database holds.
 */

let database: TestDatabase
let sql: postgres.Sql
let directory: string
const processes: TestProcess[] = []
/** The client's reports, by point. */
const facts = new Map<number, Facts>()

interface Facts {
  readonly owner: string
  readonly managementKeyId: string
  readonly keyId: string
  readonly keyIds: readonly string[]
  readonly [fact: string]: unknown
}

interface Report {
  readonly point: number
  readonly facts: Facts
}

beforeAll(async () => {
  database = await createTestDatabase()
  sql = postgres(database.url, { max: 1 })
  directory = await mkdtemp(join(tmpdir(), 'claviger-walk-'))
  const [keyServerPort, shopPort] = [await freePort(), await freePort()]
  const url = `http://localhost:${keyServerPort}`
  const shop = `http://localhost:${shopPort}`
  const keyServer = run(['client/bin/claviger.js', 'serve'], {
    DATABASE_URL: database.url,
    PORT: String(keyServerPort),
    SERVER_KEY_SECRET: 'c2VjcmV0IG9mIHRoZSB3YWxrLXRocm91Z2ggdGVzdHM',
  })
  const applicationServer = run(['examples/application-server.js', url, shop])
  processes.push(keyServer, applicationServer)
  await keyServer.says('is ready')
  await applicationServer.says('open')
  const args = [url, shop, 'https://bank.example', join(directory, 'key.json')]
  for (const message of await collectMessages('test/e2e/client-process.ts', args, 60_000)) {
    const report = message as Report
    facts.set(report.point, report.facts)
  }
}, 120_000)

afterAll(async () => {
  for (const child of processes) await child.stop()
  await sql.end()
  await database.drop()
  await rm(directory, { recursive: true })
})

test('1. a client generates a management key and a transaction key, wraps it, and the key server stores the result', async () => {
  const { keyId, managementKeyId } = seen(1)
  const copies = await copiesOf(keyId)
  expect(copies.map(({ jwe }) => decodeProtectedHeader(jwe))).toMatchObject([
    { kid: managementKeyId, cty: 'jwk+json', alg: 'ECDH-ES+A256KW', enc: 'A256GCM' },
  ])
})

test('2. with several transaction keys, each is wrapped by the management key', async () => {
  for (const keyId of seen(2).keyIds) {
    expect((await copiesOf(keyId)).map(({ holder }) => holder)).toEqual([seen(1).managementKeyId])
  }
})

test('3. the client acquires the wrapped key back, unwraps it and signs with it', () => {
  expect(seen(3)).toEqual({ isVerified: true })
})

test('4. a transaction key is a key pair, or symmetric', () => {
  expect(seen(4)).toEqual({ pair: true, isSymmetric: true, opened: 'One coffee, please.' })
})

test('5. the public key is stored in plaintext, and a received one is checked against it', async () => {
  const [row] = await sql`SELECT public_key FROM transaction_keys WHERE id = ${seen(1).keyId}`
  expect(Object.keys(z.record(z.string(), z.string()).parse(row?.['public_key'])).sort()).toEqual([
    'crv',
    'kty',
    'x',
  ])
  expect(seen(5)['own']).toMatchObject({ valid: true, status: 'valid' })
  expect(seen(5)['other']).toMatchObject({ valid: false, status: 'unknown-key' })
})

test('6. the public half of the management key authenticates who asks for a transaction key', () => {
  expect(seen(6)).toEqual({ registered: [seen(1).managementKeyId], stranger: 'NOT_FOUND' })
})

test('7. client, key server and application server are three processes on a network', () => {
  const pids = new Set([process.pid, ...processes.map(({ child }) => child.pid)])
  expect(pids.size).toBe(3)
  expect(seen(7)['answer']).toBe(`Welcome, ${seen(1).owner}.\n`)
})

test('8. different application servers have different transaction keys under one management key', () => {
  expect(seen(8)['shop']).toMatch(/^[\w-]{43}$/)
  expect(seen(8)['bank']).toMatch(/^[\w-]{43}$/)
  expect(seen(8)['shop']).not.toBe(seen(8)['bank'])
})

test('9. the key server notifies the end of a term to the subscribed client', () => {
  const { keyId, alert, state } = seen(9)
  expect(alert).toMatchObject({ kind: 'KEY_EXPIRED', keyId })
  expect(state).toBe('EXPIRED')
})

test('10. the key server counts acquisitions and notifies the subscribed client of uses beyond the maximum', () => {
  const { keyId, alert, useCount } = seen(10)
  expect(alert).toMatchObject({ kind: 'KEY_OVERUSED', keyId, maxUses: 1, excess: 1, refused: false })
  expect(useCount).toBe(2)
})

test('11. a key is acquired on another device only by a requester whose signature the key server verified', () => {
  const { moved, shop, unsigned } = seen(11)
  expect(moved).toBe(shop)
  expect(unsigned).toMatchObject({
    status: 401,
    body: { errors: [{ extensions: { code: 'UNAUTHENTICATED', reason: 'SIGNATURE_REQUIRED' } }] },
  })
})

test('12. an application server learns whether a public key it received is the client’s', () => {
  expect(seen(12)).toEqual({
    genuine: `Welcome, ${seen(1).owner}.\n`,
    forged: 'Refused: unknown-key.\n',
  })
})

test('the key server and the application server end cleanly, and neither logged an error', async () => {
  const [keyServer, applicationServer] = processes
  expect(await keyServer?.stop('SIGTERM')).toBe(0)
  await applicationServer?.stop()
  expect(keyServer?.output()).not.toMatch(/"level":(50|60)/)
})

function seen(point: number): Facts {
  const reported = facts.get(point)
  if (reported === undefined) throw new Error(`The client did not come to point ${point}.`)
  return reported
}

async function copiesOf(keyId: string): Promise<{ jwe: string; holder: string }[]> {
  return sql<{ jwe: string; holder: string }[]>`
    SELECT jwe, management_key_id AS holder FROM wrapped_keys WHERE transaction_key_id = ${keyId}`
}
