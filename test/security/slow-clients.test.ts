import { createServer, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { getIntrospectionQuery } from 'graphql'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { eventually } from '../support/connections.ts'
import { call } from '../support/raw-client.ts'

const [writeTimeoutMs, waitingBytesMax] = [1_000, 1024 * 1024]

// The limits of the server in this process, which is loaded anew for it. test/security/sockets.test.ts states the defaults.
const limitsModule = '../../server/lib/transport-limits.ts'
const limits = await vi.importActual<object>(limitsModule)
vi.doMock(limitsModule, () => ({ ...limits, writeTimeoutMs, waitingBytesMax }))
vi.resetModules()
const { useWorld } = await import('../support/operations.ts')
const { cutSlowReaders } = await import('../../server/http/slow-readers.ts')
const { WaitingBytes } = await import('../../server/http/waiting-bytes.ts')
afterAll(() => {
  vi.doUnmock(limitsModule)
  vi.resetModules()
})

const world = useWorld()

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0)) await end()
})

async function open(port: number, text: string, { reads }: { readonly reads: boolean }): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  endings.push(() => socket.destroy())
  socket.on('error', () => undefined)
  if (reads) socket.resume()
  await new Promise((resolve) => socket.once('connect', resolve))
  socket.write(text)
  return socket
}

const worldPort = () => Number(new URL(world.url).port)
const get = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'

/** A server with the time-out and nothing else. */
async function startServer(answer: (response: ServerResponse) => void) {
  const connections = new Set<Socket>()
  const server = createServer((_request, response) => {
    answer(response)
  })
  server.on('connection', (socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })
  cutSlowReaders(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endings.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  return { connections, port: typeof address === 'object' && address !== null ? address.port : 0 }
}

test('a client that does not read its answer is cut off, also when it goes on sending', async () => {
  const { connections, port } = await startServer((response) => response.end(Buffer.alloc(20_000_000)))
  const begunAt = performance.now()
  const socket = await open(port, get, { reads: false })
  await eventually(() => connections.size === 1, { withinMs: 2_000, what: 'it is connected' })
  // A further request, byte by byte: its path never ends.
  socket.write('GET /')
  const sending = setInterval(() => socket.write('x'), writeTimeoutMs / 10)
  endings.push(() => {
    clearInterval(sending)
  })
  await eventually(() => connections.size === 0, { withinMs: 10_000, what: 'it is cut off' })
  expect(performance.now() - begunAt).toBeGreaterThan(writeTimeoutMs)
})

test('a client that reads in its own time, and one that waits for more, are not cut off', async () => {
  const { connections, port } = await startServer((response) => {
    response.write('x')
    // Whatever waits, the kernel takes something of it from time to time.
    const feeding = setInterval(() => response.write(Buffer.alloc(1_000_000)), 200)
    response.once('close', () => {
      clearInterval(feeding)
    })
  })
  const silent = await startServer((response) => response.write('x'))
  const slow = await open(port, get, { reads: false })
  await open(silent.port, get, { reads: true })
  const begunAt = performance.now()
  while (performance.now() - begunAt < 3 * writeTimeoutMs) {
    slow.resume()
    await delay(writeTimeoutMs / 4)
    slow.pause()
    await delay(writeTimeoutMs / 4)
  }
  expect([connections.size, silent.connections.size]).toEqual([1, 1])
})

test(
  'the key server cuts off a client that asks for much and does not read',
  { timeout: 40_000 },
  async () => {
    const body = JSON.stringify({ query: getIntrospectionQuery() })
    const head = `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${String(body.length)}\r\n\r\n`
    const socket = await open(worldPort(), '', { reads: false })
    const isClosed = () => socket.closed
    for (let sent = 0; sent < 2_000 && !isClosed(); sent++) {
      // Never so many that it is closed for that.
      socket.write(head + body)
      await delay(5)
    }
    await eventually(isClosed, { withinMs: 15_000, what: 'it is cut off' })
    expect((await call(world.url, null, { query: '{ keyServer { version } }' })).errors).toEqual([])
  },
)

test('clients that are slow with their bodies make room for the others', { timeout: 40_000 }, async () => {
  const bytes = 60_000
  const slow = await Promise.all(
    Array.from({ length: 40 }, async () => {
      const head = `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${String(bytes)}\r\n\r\n`
      const socket = await open(worldPort(), head + 'x'.repeat(bytes - 1), { reads: true })
      let isOpen = true
      socket.once('close', () => (isOpen = false))
      return { isOpen: () => isOpen }
    }),
  )
  const openCount = () => slow.filter(({ isOpen }) => isOpen()).length
  const most = Math.floor(waitingBytesMax / (bytes - 1))
  await eventually(() => openCount() <= most, { withinMs: 10_000, what: 'the oldest are cut off' })
  const query = `{ keyServer { version } } # ${'x'.repeat(50_000)}`
  for (let asked = 0; asked < 5; asked++) {
    expect((await call(world.url, null, { query })).errors).toEqual([])
  }
  // Nothing is held of what was answered, so no more of them than need be were cut off.
  expect(openCount()).toBeGreaterThanOrEqual(most - 2)
})

test('what waits longest is cut off first, and only as much as is needed', () => {
  const waiting = new WaitingBytes(100)
  const cut: string[] = []
  const hold = (name: { id: string }, bytes: number) => {
    waiting.hold(name, bytes, () => cut.push(name.id))
  }
  const [a, b, c] = [{ id: 'a' }, { id: 'b' }, { id: 'c' }]
  hold(a, 40)
  hold(b, 40)
  hold(a, 20)
  expect([cut, waiting.bytes]).toEqual([[], 100])
  hold(c, 1)
  expect([cut, waiting.bytes]).toEqual([['a'], 41])
  waiting.release(a)
  waiting.release(b)
  waiting.release(b)
  expect(waiting.bytes).toBe(1)
  hold(b, 500)
  expect([cut, waiting.bytes]).toEqual([['a', 'c', 'b'], 0])
})
