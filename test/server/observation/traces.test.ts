import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readConfig } from '../../../server/config.ts'
import { addChannel, mailsTo } from '../../support/channels.ts'
import { eventually } from '../../support/connections.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { startMailServer } from '../../support/mail-server.ts'
import {
  acquire,
  createRawKey,
  openAccount,
  send,
  signRequest,
  storeKey,
  wrappedKeyQuery,
} from '../../support/raw-client.ts'
import { freePort, startTestServer, type TestServer, type TestServerOptions } from '../../support/server.ts'
import { RawSocket } from '../../support/socket.ts'
import { startTraceReceiver, type ReceivedSpan, type TraceReceiver } from '../../support/trace-receiver.ts'
import { succeed } from '../../support/operations.ts'
import { receiver, setWebhook } from '../../support/webhooks.ts'

let database: TestDatabase
const post = await startMailServer()

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(async () => {
  await post.close()
  await database.drop()
})

/** Serves until `work` has ended, and answers what a collector was sent by then. */
async function traced(
  work: (server: TestServer) => Promise<void>,
  options: TestServerOptions = {},
): Promise<TraceReceiver> {
  const collector = await startTraceReceiver()
  try {
    const server = await startTestServer(database.url, { traces: collector.settings, ...options })
    try {
      await work(server)
    } finally {
      await server.stop()
    }
    return collector
  } finally {
    await collector.close()
  }
}

function spanOf({ spans }: TraceReceiver, name: string): ReceivedSpan {
  const span = spans.findLast((one) => one.name === name)
  if (span === undefined) throw new TypeError(`No span is called ${name}: ${spans.map((s) => s.name).join()}`)
  return span
}

/** Asks for a key that is not the owner's, which raises an alert. */
async function verifyStranger(url: string, owner: string): Promise<void> {
  const { signingKey: publicKey } = await createRawKey()
  await succeed(url, null, {
    query: 'query ($input: VerifyPublicKeyInput!) { verifyPublicKey(input: $input) { valid } }',
    variables: { input: { owner, applicationServer: 'https://shop.example', publicKey } },
  })
}

/** The names of all steps below a span. */
function stepsOf(collector: TraceReceiver, { traceId, spanId }: ReceivedSpan): string[] {
  const below = collector.spans.filter((span) => span.traceId === traceId && span.parentSpanId === spanId)
  return below.flatMap((span) => [span.name, ...stepsOf(collector, span)])
}

test('a request is a span with its operation, code, duration and id, and its statements are steps of it', async () => {
  const traceId = randomBytes(16).toString('hex')
  const parent = randomBytes(8).toString('hex')
  const collector = await traced(async ({ url }) => {
    const { key } = await openAccount(url)
    const { id } = await storeKey(url, key, { maxUses: 1, overusePolicy: 'REFUSE' })
    await acquire(url, key, { id })
    const refused = await signRequest(url, key, {
      query: wrappedKeyQuery,
      variables: { id },
    })
    await send({
      ...refused,
      headers: {
        ...refused.headers,
        'x-request-id': 'of-the-test',
        traceparent: `00-${traceId}-${parent}-01`,
      },
    })
  })
  const stored = spanOf(collector, 'storeTransactionKey')
  expect(stored).toMatchObject({
    kind: 2,
    parentSpanId: '',
    status: 0,
    attributes: { 'claviger.code': 'OK' },
  })
  expect(stored.durationMs).toBeGreaterThan(0)
  expect(stored.durationMs).toBeLessThan(10_000)
  expect(stepsOf(collector, stored)).toEqual(
    expect.arrayContaining(['group of stored keys', 'SELECT store_transaction_key_group']),
  )
  expect(stepsOf(collector, spanOf(collector, 'openAccount'))).toContain('transaction')
  expect(spanOf(collector, 'transaction')).toMatchObject({
    kind: 3,
    attributes: { 'db.system.name': 'postgresql' },
  })
  // It continues the client's trace, and what the client did wrong is no failure of the server.
  const last = spanOf(collector, 'wrappedKey')
  expect(last).toMatchObject({
    traceId,
    parentSpanId: parent,
    status: 0,
    attributes: {
      'claviger.code': 'KEY_OVERUSED',
      'claviger.request_id': 'of-the-test',
      'error.type': 'KEY_OVERUSED',
    },
  })
  const granted = collector.spans.find(
    ({ name, attributes }) => name === 'wrappedKey' && attributes['claviger.code'] === 'OK',
  )
  if (granted === undefined) throw new TypeError('The first acquisition was granted.')
  expect(stepsOf(collector, granted)).toEqual(
    expect.arrayContaining(['group of acquisitions', 'SELECT acquire_wrapped_key_group']),
  )
  expect(collector.resources[0]).toMatchObject({ 'service.name': 'claviger' })
})

test('verifications, and operations of a socket, are traced too; probes are not', async () => {
  const collector = await traced(async ({ url }) => {
    const { key, name } = await openAccount(url)
    await verifyStranger(url, name)
    await fetch(`${url}/healthz`)
    await fetch(`${url}/readyz`)
    const socket = await RawSocket.connect(url, key)
    socket.send({ type: 'subscribe', id: '1', payload: { query: 'subscription { alerts { cursor } }' } })
    await delay(300)
    socket.socket.terminate()
    await delay(300)
  })
  expect(stepsOf(collector, spanOf(collector, 'verifyPublicKey'))).toContain('group of verifications')
  expect(spanOf(collector, 'alerts')).toMatchObject({ kind: 2, parentSpanId: '' })
  expect(collector.spans.filter(({ name }) => /healthz|readyz/.test(name))).toEqual([])
})

test('deliveries to webhooks and by mail are traces of their own, without where they go', async () => {
  const hook = await receiver(() => 503)
  const address = `${randomUUID()}@mail.example`
  const collector = await traced(
    async ({ url }) => {
      const { key } = await openAccount(url)
      await setWebhook(url, key, { url: hook.url })
      await addChannel(url, key, { kind: 'EMAIL', target: address })
      const { id } = await storeKey(url, key, { maxUses: 1 })
      for (let use = 0; use < 2; use++) await acquire(url, key, { id })
      await mailsTo(post, address, 1)
      // The second one begins after the first was answered, and the end of the server may break it off.
      await eventually(() => hook.received.length > 1, { withinMs: 15_000, what: 'a post, and another try' })
    },
    { allowsPrivateWebhooks: true, mail: { url: post.url, from: 'Claviger <alerts@keys.example>' } },
  )
  const deliveries = collector.spans.filter(({ name }) => name === 'delivery')
  expect(deliveries.map(({ attributes }) => attributes['claviger.channel'])).toEqual(
    expect.arrayContaining(['WEBHOOK', 'EMAIL']),
  )
  expect(collector.spans.filter(({ name }) => name === 'post')).toContainEqual(
    expect.objectContaining({
      kind: 3,
      status: 2,
      attributes: expect.objectContaining({ 'error.type': 'HTTP_503' }),
    }),
  )
  expect(spanOf(collector, 'mail')).toMatchObject({ kind: 3, status: 0 })
  const all = collector.raw.join('\n')
  for (const secret of [address, hook.url, new URL(hook.url).host]) expect(all).not.toContain(secret)
})

test('a collector that is away is named once in the log, and delays neither requests nor the end', async () => {
  const away = `http://127.0.0.1:${String(await freePort())}/v1/traces`
  const collector = await startTraceReceiver()
  await collector.close()
  const server = await startTestServer(database.url, { traces: { ...collector.settings, url: away } })
  const beganMs = performance.now()
  for (let count = 0; count < 20; count++) await fetch(`${server.url}/.well-known/jwks.json`)
  expect(performance.now() - beganMs).toBeLessThan(3_000)
  await delay(5_500)
  const stopsMs = performance.now()
  await server.stop()
  expect(performance.now() - stopsMs).toBeLessThan(8_000)
  const lines = server.logLines.filter((line) => line.includes('the collector takes no traces'))
  expect(lines.length).toBeLessThanOrEqual(1)
}, 40_000)

test('the standard variables say whether, where and which; without an endpoint nothing is traced', () => {
  const traces = (environment: NodeJS.ProcessEnv) => readConfig(environment).traces
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }
  expect(traces({})).toBeNull()
  expect(traces({ OTEL_SERVICE_NAME: 'keys' })).toBeNull()
  expect(traces({ ...endpoint, OTEL_SDK_DISABLED: 'true' })).toBeNull()
  expect(traces({ ...endpoint, OTEL_TRACES_EXPORTER: 'none' })).toBeNull()
  expect(traces(endpoint)).toEqual({
    url: 'http://collector:4318/v1/traces',
    headers: {},
    serviceName: 'claviger',
    resourceAttributes: {},
    sampler: { name: 'parentbased_always_on', ratio: 1 },
  })
  expect(
    traces({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://collector.example/in',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20hunter2,x-team=keys',
      OTEL_SERVICE_NAME: 'keys',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=production',
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    }),
  ).toEqual({
    url: 'https://collector.example/in',
    headers: { authorization: 'Bearer hunter2', 'x-team': 'keys' },
    serviceName: 'keys',
    resourceAttributes: { 'deployment.environment.name': 'production' },
    sampler: { name: 'traceidratio', ratio: 0.25 },
  })
})

test.each([
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'hunter2'],
  ['OTEL_TRACES_SAMPLER', 'some'],
  ['OTEL_TRACES_SAMPLER_ARG', '2'],
])('%s cannot be %s, and the refusal does not repeat it', (name, value) => {
  expect(() => readConfig({ [name]: value })).toThrow(new RegExp(`^${name}: must be (?!.*${value})`))
})
