import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startKeyServer } from '../../../server/index.ts'
import { administer, eventually, type Administrator } from '../../support/connections.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { readMetrics, sampleOf } from '../../support/metrics.ts'
import { acquire, call, openAccount, storeKey } from '../../support/raw-client.ts'
import { openSubscriber, raise } from '../../support/realtime.ts'
import { freePort, startTestServer, testServerKeySecret, type TestServer } from '../../support/server.ts'
import { RawSocket } from '../../support/socket.ts'

let database: TestDatabase
let administrator: Administrator
let server: TestServer
let metricsPort: number

beforeAll(async () => {
  database = await createTestDatabase()
  administrator = administer(database.url)
  metricsPort = await freePort()
  server = await startTestServer(database.url, { metricsPort, databasePoolSize: 7 })
})
afterAll(async () => {
  await server.stop()
  await administrator.close()
  await database.drop()
})

async function value(name: string, labels: Record<string, string> = {}): Promise<number | null> {
  return sampleOf(await readMetrics(metricsPort), name, labels)
}

test('requests are counted by operation and code, and timed', async () => {
  const { key } = await openAccount(server.url)
  const { id } = await storeKey(server.url, key, { maxUses: 1, overusePolicy: 'REFUSE' })
  await acquire(server.url, key, { id })
  await acquire(server.url, key, { id })
  const ofKind = (code: string) => value('claviger_requests_total', { operation: 'wrappedKey', code })
  await eventually(async () => (await ofKind('KEY_OVERUSED')) === 1, { withinMs: 5_000, what: 'the refusal' })
  expect(await ofKind('OK')).toBe(1)
  expect(await value('claviger_request_duration_seconds_count', { operation: 'wrappedKey' })).toBe(2)
  expect(await value('claviger_request_duration_seconds_bucket', { operation: 'wrappedKey', le: '10' })).toBe(
    2,
  )
  expect(await value('claviger_acquisitions_total', { outcome: 'GRANTED' })).toBe(1)
  expect(await value('claviger_acquisitions_total', { outcome: 'KEY_OVERUSED' })).toBe(1)
})

test('verifications are counted by the state of the key, and UNKNOWN when it is not the owner’s', async () => {
  const { key, name } = await openAccount(server.url)
  const { publicKey } = await storeKey(server.url, key)
  const ask = (owner: string) =>
    call(server.url, null, {
      query: 'query ($input: VerifyPublicKeyInput!) { verifyPublicKey(input: $input) { state } }',
      variables: { input: { owner, applicationServer: 'https://shop.example', publicKey } },
    })
  const before = await value('claviger_verifications_total', { result: 'UNKNOWN' })
  await ask(name)
  await ask('nobody-of-this-name')
  expect(await value('claviger_verifications_total', { result: 'ACTIVE' })).toBe(1)
  expect(await value('claviger_verifications_total', { result: 'UNKNOWN' })).toBe((before ?? 0) + 1)
})

test('operations that clients make up are one, however many there are', async () => {
  for (let count = 0; count < 20; count++) {
    const name = `made${randomUUID().replaceAll('-', '')}`
    await call(server.url, null, { query: `query ${name} { ${name} }` })
    await call(server.url, null, { query: `query ${name} { ${name}: keyServer { __typename } }` })
    await fetch(`${server.url}/${name}`)
  }
  await eventually(
    async () => (await value('claviger_requests_total', { operation: 'other', code: 'HTTP_404' })) === 20,
    { withinMs: 5_000, what: 'all requests' },
  )
  const text = await readMetrics(metricsPort)
  expect(text).not.toContain('made')
  expect(
    sampleOf(text, 'claviger_requests_total', { operation: 'other', code: 'GRAPHQL_VALIDATION_FAILED' }),
  ).toBe(20)
  expect(sampleOf(text, 'claviger_requests_total', { operation: 'keyServer', code: 'OK' })).toBe(20)
})

test('subscribers are counted while they are there, and the delay of their alerts is timed', async () => {
  const subscriber = await openSubscriber(server.url)
  expect(await value('claviger_subscribers')).toBe(0)
  const socket = await RawSocket.connect(server.url, subscriber.key)
  socket.send({ type: 'subscribe', id: 'a', payload: { query: 'subscription { alerts { id } }' } })
  await eventually(async () => (await value('claviger_subscribers')) === 1, {
    withinMs: 5_000,
    what: 'a subscriber',
  })
  const before = (await value('claviger_alert_delay_seconds_count')) ?? 0
  await raise(administrator, subscriber)
  await socket.next()
  expect(await value('claviger_alert_delay_seconds_count')).toBe(before + 1)
  expect(await value('claviger_alert_delay_seconds_sum')).toBeLessThan(5)
  socket.socket.close()
  await eventually(async () => (await value('claviger_subscribers')) === 0, { withinMs: 5_000, what: 'none' })
  // A stream has no duration that says anything.
  await eventually(
    async () => (await value('claviger_requests_total', { operation: 'alerts', code: 'OK' })) === 1,
    {
      withinMs: 5_000,
      what: 'the end of the subscription',
    },
  )
  expect(await value('claviger_request_duration_seconds_count', { operation: 'alerts' })).toBe(null)
})

test('what is overdue and due is counted, and the pools', async () => {
  const { key } = await openAccount(server.url)
  const { id } = await storeKey(server.url, key, {
    expiresAt: new Date(Date.now() + 86_400_000).toISOString(),
  })
  expect(await value('claviger_deadlines_overdue')).toBe(0)
  expect(await value('claviger_webhook_queue')).toBe(0)
  await administrator.sql.begin(async (blocker) => {
    // Locked, so that the sweep passes it over.
    await blocker`UPDATE deadlines SET due_at = now() - interval '1 hour' WHERE transaction_key_id = ${id} AND notice_seconds = 0`
    expect(await value('claviger_deadlines_overdue')).toBe(0)
  })
  expect(await value('claviger_database_pool', { pool: 'writes', state: 'max' })).toBe(7)
  expect(await value('claviger_database_pool', { pool: 'reads', state: 'max' })).toBe(2)
  for (const state of ['in_use', 'waiting']) {
    expect(await value('claviger_database_pool', { pool: 'writes', state })).toBeGreaterThanOrEqual(0)
  }
})

test('statements that wait for a connection are counted as waiting', async () => {
  const { key } = await openAccount(server.url)
  const { id } = await storeKey(server.url, key)
  await administrator.sql.begin(async (blocker) => {
    await blocker`LOCK TABLE transaction_key_usage IN ACCESS EXCLUSIVE MODE`
    // Each is a statement of its own, where acquisitions for use are gathered.
    const query = 'query ($id: ID!) { wrappedKey(transactionKeyId: $id, purpose: EXPORT) { jwe } }'
    const asked = Array.from({ length: 9 }, () => call(server.url, key, { query, variables: { id } }))
    await eventually(
      async () => ((await value('claviger_database_pool', { pool: 'writes', state: 'waiting' })) ?? 0) >= 2,
      { withinMs: 5_000, what: 'statements that wait' },
    )
    expect(await value('claviger_database_pool', { pool: 'writes', state: 'in_use' })).toBe(7)
    await blocker`COMMIT`
    await Promise.all(asked)
  })
})

test('process metrics are there', async () => {
  expect(await value('process_cpu_seconds_total')).toBeGreaterThan(0)
  expect(await value('nodejs_eventloop_lag_seconds')).toBeGreaterThanOrEqual(0)
})

describe('the port of the metrics', () => {
  test('is its own: the key server has no metrics, and the metrics have no key server', async () => {
    expect((await fetch(`${server.url}/metrics`)).status).toBe(404)
    expect((await fetch(`http://127.0.0.1:${metricsPort}/graphql`)).status).toBe(404)
    expect((await fetch(`http://127.0.0.1:${metricsPort}/metrics`, { method: 'POST' })).status).toBe(405)
  })

  test('listens on loopback, and answers for no other host', async () => {
    const status = await new Promise((resolve, reject) => {
      request({ port: metricsPort, path: '/metrics', headers: { host: 'attacker.example' } }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
        .once('error', reject)
        .end()
    })
    expect(status).toBe(421)
  })

  test('that is taken is reported in words', async () => {
    const second = startKeyServer({
      databaseUrl: database.url,
      serverKeySecret: testServerKeySecret,
      metricsPort,
    })
    await expect(second).rejects.toThrow('look at METRICS_PORT')
  })

  test('closes with the server', async () => {
    const port = await freePort()
    const other = await startTestServer(database.url, { metricsPort: port })
    expect(await readMetrics(port)).toContain('claviger_subscribers')
    await other.stop()
    await expect(readMetrics(port)).rejects.toThrow()
  })
})
