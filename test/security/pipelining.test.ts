import { readFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { getIntrospectionQuery } from 'graphql'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { OneAtATime } from '../../server/http/one-at-a-time.ts'
import { pipelinedOfConnectionMax } from '../../server/lib/transport-limits.ts'
import { runScript, type Child } from '../support/child.ts'
import { eventually } from '../support/connections.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { freePort, testServerKeySecret } from '../support/server.ts'

let database: TestDatabase
let child: Child
let port: number
beforeAll(async () => {
  database = await createTestDatabase()
  port = await freePort()
  child = runScript('client/bin/claviger.js', {
    args: ['serve'],
    env: {
      DATABASE_URL: database.url,
      SERVER_KEY_SECRET: testServerKeySecret,
      PORT: String(port),
      LOG_LEVEL: 'warn',
      NODE_OPTIONS: '--max-old-space-size=256',
    },
    timeoutMs: 120_000,
  })
  await eventually(() => child.output().includes(`http://localhost:${port}`), {
    withinMs: 60_000,
    what: 'the server is ready',
  })
}, 90_000)
afterAll(async () => {
  child.process.kill('SIGKILL')
  await child.ended
  await database.drop()
})

const sockets: Socket[] = []
const servers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const close of servers.splice(0)) await close()
})

interface Pipeline {
  readonly socket: Socket
  readonly received: () => string
  readonly closed: Promise<unknown>
}

/** Sends a text down one connection; unless it reads, what is answered stays with the server. */
async function open(text: string, { to = port, reads = true } = {}): Promise<Pipeline> {
  const socket = connect(to, '127.0.0.1')
  sockets.push(socket)
  let received = ''
  if (reads) socket.setEncoding('latin1').on('data', (chunk: string) => (received += chunk))
  socket.on('error', () => undefined)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await new Promise((resolve) => socket.once('connect', resolve))
  socket.write(text)
  return { socket, received: () => received, closed }
}

function post(query: string): string {
  const body = JSON.stringify({ query })
  return `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${String(body.length)}\r\n\r\n${body}`
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`

function countOf(text: string, part: string): number {
  return text.split(part).length - 1
}

/** No two are the same text. */
function introspections(count: number): string {
  return Array.from({ length: count }, (_, index) => post(`${getIntrospectionQuery()}#${index}`)).join('')
}

/** Resident memory of the key server, in bytes; NaN once it has died. */
async function residentBytes(): Promise<number> {
  const status = await readFile(`/proc/${String(child.process.pid)}/status`, 'utf8').catch(() => '')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? NaN) * 1024
}

/** A server whose answers the test gives, behind the queue that the key server has. */
async function startHeld() {
  const held: { url: string; response: ServerResponse }[] = []
  const queue = new OneAtATime((request, response) => {
    held.push({ url: request.url ?? '', response })
  })
  const server = createServer((request, response) => {
    queue.handle(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  servers.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  return { held, port: typeof address === 'object' && address !== null ? address.port : 0 }
}

test('one request of a connection is under way at a time, in order, and those of others are not delayed', async () => {
  const { held, port: to } = await startHeld()
  const requests = Array.from({ length: pipelinedOfConnectionMax }, (_, index) => get(`/${index}`)).join('')
  const pipeline = await open(requests, { to })
  await eventually(() => held.length === 1, { withinMs: 5_000, what: 'the first begins' })
  const other = await open(get('/other'), { to })
  await eventually(() => held.length === 2, { withinMs: 5_000, what: 'that of another connection begins' })
  held[1]?.response.end()
  await eventually(() => other.received() !== '', { withinMs: 5_000, what: 'it is answered' })
  expect(held.map(({ url }) => url)).toEqual(['/0', '/other'])
  held.splice(1)
  for (let index = 0; index < pipelinedOfConnectionMax; index++) {
    await eventually(() => held.length > index, { withinMs: 5_000, what: `request ${index} begins` })
    expect(held).toHaveLength(index + 1)
    expect(held[index]?.url).toBe(`/${index}`)
    held[index]?.response.end(`<${index}>`)
  }
  await eventually(() => pipeline.received().includes(`<${pipelinedOfConnectionMax - 1}>`), {
    withinMs: 5_000,
    what: 'all are answered',
  })
  const more = await open(get('/next'), { to })
  await eventually(() => held.at(-1)?.url === '/next', { withinMs: 5_000, what: 'the next begins' })
  expect(more.received()).toBe('')
})

test('a connection with more requests waiting than it may have is closed, and holds nothing', async () => {
  const { held, port: to } = await startHeld()
  const pipeline = await open(get('/').repeat(pipelinedOfConnectionMax + 2), { to })
  await pipeline.closed
  await delay(50)
  expect(held).toHaveLength(1)
  const next = await open(get('/next'), { to })
  await eventually(() => held.at(-1)?.url === '/next', { withinMs: 5_000, what: 'another one is served' })
  expect(next.received()).toBe('')
})

test('bodies that come in pieces behind other requests are read whole', async () => {
  const query = `{ keyServer { version } } # ${'x'.repeat(40_000)}`
  const text = get('/healthz') + post(query) + get('/healthz') + post(query) + post(query)
  const pipeline = await open(text.slice(0, 1_000))
  for (let at = 1_000; at < text.length; at += 30_000) {
    await delay(20)
    pipeline.socket.write(text.slice(at, at + 30_000))
  }
  await eventually(() => countOf(pipeline.received(), '"version"') === 3, {
    withinMs: 10_000,
    what: 'all are answered',
  })
  expect(countOf(pipeline.received(), 'HTTP/1.1 200')).toBe(5)
})

test('the process answers others while one connection has much under way', { timeout: 60_000 }, async () => {
  const count = 60
  const pipeline = await open(introspections(count))
  await eventually(() => pipeline.received() !== '', { withinMs: 20_000, what: 'the first is answered' })
  const answered = () => countOf(pipeline.received(), 'HTTP/1.1 200')
  const other = await open(get('/healthz'))
  await eventually(() => other.received().includes('alive'), {
    withinMs: 20_000,
    what: 'the other is answered',
  })
  expect(answered()).toBeLessThan(count / 2)
  await eventually(() => answered() === count, { withinMs: 30_000, what: 'all are answered' })
})

const paths = ['/healthz', '/readyz', '/.well-known/jwks.json', '/graphql', '/'].map(get).join('')

test.for([
  // 150 bytes each, and 20 KB of answer.
  {
    what: 'introspections',
    text: post('{__schema{types{fields{name description args{description}}}}}').repeat(400),
  },
  { what: 'requests of everything else', text: paths.repeat(300) },
])(
  '24 connections that pipeline $what and read nothing cost the process little memory',
  { timeout: 60_000 },
  async ({ text }) => {
    const before = await residentBytes()
    await Promise.all(Array.from({ length: 24 }, () => open(text, { reads: false })))
    let most = 0
    for (let sample = 0; sample < 30; sample++) {
      await delay(100)
      most = Math.max(most, await residentBytes())
    }
    expect(child.process.exitCode).toBeNull()
    expect(most - before).toBeLessThan(150e6)
    const other = await open(get('/healthz'))
    await eventually(() => other.received().includes('alive'), { withinMs: 20_000, what: 'it is alive' })
  },
)
