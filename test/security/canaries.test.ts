import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { administer, eventually, type Administrator } from '../support/connections.ts'
import { markedOperations, plausibleValues } from '../support/canaries.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { readMetrics } from '../support/metrics.ts'
import {
  call,
  createRawKey,
  openAccount,
  send,
  signRequest,
  wrap,
  type RawKey,
} from '../support/raw-client.ts'
import { freePort, startTestServer, type TestServer } from '../support/server.ts'
import { RawSocket } from '../support/socket.ts'
import { startTraceReceiver, type TraceReceiver } from '../support/trace-receiver.ts'

/* A text that occurs nowhere by accident is sent in every argument of every operation, and must turn up in no log, error, metric or trace. */

const canary = `Canary${randomBytes(16).toString('hex')}`
const forms = [
  canary,
  Buffer.from(canary).toString('base64'),
  Buffer.from(canary).toString('base64url'),
  Buffer.from(canary).toString('hex'),
].map((form) => form.replace(/=+$/, '').toLowerCase())

let database: TestDatabase
let administrator: Administrator
let server: TestServer
let metricsPort: number
let collector: TraceReceiver
/** The answers to clients. */
const answers: string[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  administrator = administer(database.url)
  metricsPort = await freePort()
  collector = await startTraceReceiver()
  server = await startTestServer(database.url, { metricsPort, traces: collector.settings })
})
afterAll(async () => {
  await server.stop()
  // Its end sends the rest.
  expect(found(collector.raw.join('\n'))).toEqual([])
  await collector.close()
  await administrator.close()
  await database.drop()
})

function found(text: string): string[] {
  const lower = text.toLowerCase()
  return forms.filter((form) => lower.includes(form))
}

async function sendAll(key: RawKey): Promise<number> {
  const operations = markedOperations(canary, plausibleValues(await createRawKey(), await wrap(key)))
  for (const { kind, query, variables } of operations) {
    if (kind === 'subscription') {
      const socket = await RawSocket.connect(server.url, key)
      socket.send({ type: 'subscribe', id: canary, payload: { query, variables } })
      // A subscription that is open says nothing; one that is refused says why.
      await socket.next(300).then(
        (message) => answers.push(JSON.stringify({ ...message, id: '' })),
        () => undefined,
      )
      socket.socket.terminate()
    } else {
      for (const signer of [key, null]) {
        const answer = await call(server.url, signer, { query, variables })
        answers.push(JSON.stringify(answer))
      }
    }
  }
  return operations.length
}

async function expectNoCanary(): Promise<void> {
  const metrics = await readMetrics(metricsPort)
  expect(server.logLines.length).toBeGreaterThan(100)
  expect(metrics).toContain('claviger_requests_total{')
  expect(found(server.logLines.join('\n'))).toEqual([])
  expect(found(metrics)).toEqual([])
  await expectTracesWithout()
  expect(found(answers.join('\n'))).toEqual([])
}

async function expectTracesWithout(): Promise<void> {
  // Spans are sent in order: with the last one all have come.
  const id = randomUUID()
  await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': id },
    body: JSON.stringify({ query: '{ keyServer { version } }' }),
  })
  const hasCome = () => collector.spans.some(({ attributes }) => attributes['claviger.request_id'] === id)
  await eventually(hasCome, { withinMs: 15_000, what: 'traces' })
  expect(found(collector.raw.join('\n'))).toEqual([])
}

test('no log line, error, metric or trace has what was sent in any argument of any operation', async () => {
  const { key } = await openAccount(server.url)
  expect(await sendAll(key)).toBeGreaterThan(100)
  await expectNoCanary()
}, 120_000)

test('nor has one while the database fails on every statement', async () => {
  const tables = ['transaction_keys', 'webhooks', 'alerts', 'accounts', 'pairings']
  const { key } = await openAccount(server.url)
  for (const table of tables) await administrator.sql.unsafe(`ALTER TABLE ${table} RENAME TO gone_${table}`)
  try {
    await sendAll(key)
  } finally {
    for (const table of tables) await administrator.sql.unsafe(`ALTER TABLE gone_${table} RENAME TO ${table}`)
  }
  expect(server.logLines.join('\n')).toContain('a request failed')
  await expectNoCanary()
}, 120_000)

test('nor does one that is sent as a header, a path, a name, an alias, a literal or a message of a socket', async () => {
  const { key } = await openAccount(server.url)
  const named = [
    `query ${canary} { keyServer { __typename } }`,
    `{ ${canary}: keyServer { __typename } }`,
    `{ transactionKey(id: "${canary}") { __typename } }`,
    `{ ${canary} }`,
    `{ transactionKey(${canary}: 1) { __typename } }`,
    `{ keyServer { __typename @${canary} } }`,
  ]
  // A client gets back its own alias and graphql-js's words about names; logs and metrics do not have them.
  for (const query of named) for (const signer of [key, null]) await call(server.url, signer, { query })
  const signed = await signRequest(server.url, key, { query: '{ account { id } }' })
  for (const name of [
    'signature',
    'signature-input',
    'content-digest',
    'user-agent',
    'cookie',
    'authorization',
    'traceparent',
    'tracestate',
    'baggage',
  ]) {
    await send({ ...signed, headers: { ...signed.headers, [name]: canary } })
  }
  for (const path of [`/${canary}`, `/graphql?${canary}=${canary}`, `/healthz?${canary}`])
    await fetch(`${server.url}${path}`)
  for (const message of [
    { type: 'connection_init', payload: { [canary]: canary, signature: canary, 'signature-input': canary } },
    { type: 'subscribe', id: canary, payload: { query: canary, operationName: canary } },
    { type: canary },
    canary,
  ]) {
    const socket = await RawSocket.open(server.url)
    socket.send(message)
    await socket.next(300).catch(() => undefined)
    socket.socket.terminate()
  }
  const metrics = await readMetrics(metricsPort)
  expect(found(server.logLines.join('\n'))).toEqual([])
  expect(found(metrics)).toEqual([])
  await expectTracesWithout()
})

test('a canary that is planted is found in every form (negative control)', () => {
  const bytes = Buffer.from(canary)
  for (const text of [
    canary.toUpperCase(),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ]) {
    expect(found(JSON.stringify({ level: 50, msg: `failed for ${text}` })).length).toBeGreaterThan(0)
  }
  expect(found('nothing')).toEqual([])
})
