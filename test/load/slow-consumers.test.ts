import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql'
import { handleProtocols, makeServer } from 'graphql-ws'
import { afterEach, expect, test } from 'vitest'
import { WebSocketServer, type WebSocket } from 'ws'
import { createLogger } from '../../server/lib/log.ts'
import { accountIdOf } from '../../server/lib/account-id.ts'
import { Heartbeats } from '../../server/ws/heartbeats.ts'
import { serveSocket, type SocketExtra } from '../../server/ws/socket.ts'
import { eventually } from '../support/connections.ts'
import { alertsSubscription, feedOverSocket, RawSocket, type AlertNode } from '../support/socket.ts'
import { faultsOf } from '../support/stream-checker.ts'
import { beginning, listAllAlerts, openSubscriber, raise, useWorld } from '../support/realtime.ts'

const world = useWorld()

const closings: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closings.splice(0).toReversed()) await close()
})

const resultBytes = 16 * 1024

/** A server of one subscription without end, that counts how many results were asked of it. */
async function startEndless({ heartbeatMs }: { heartbeatMs: number }) {
  const state = { url: '', pulled: 0, sockets: new Set<WebSocket>() }
  const type = { type: GraphQLString, args: {} }
  const schema = new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', fields: { endless: type } }),
    subscription: new GraphQLObjectType({
      name: 'Subscription',
      fields: {
        endless: {
          ...type,
          async *subscribe() {
            for (;;) {
              await delay(0)
              state.pulled++
              yield { endless: 'x'.repeat(resultBytes) }
            }
          },
        },
      },
    }),
  })
  const graphql = makeServer<Record<string, unknown>, SocketExtra>({ schema })
  const heartbeats = new Heartbeats({ everyMs: heartbeatMs })
  const http = createServer()
  const server = new WebSocketServer({ server: http, handleProtocols })
  server.on('connection', (socket) => {
    state.sockets.add(socket)
    socket.once('close', () => state.sockets.delete(socket))
    serveSocket(socket, {
      clientAddress: '127.0.0.1',
      graphql,
      observe: (work) => work(),
      heartbeats,
      log: createLogger('silent'),
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  state.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  closings.push(async () => {
    for (const socket of state.sockets) socket.terminate()
    await new Promise((resolve) => http.close(resolve))
  })
  return state
}

test('a consumer that does not read is asked for no more results than fit on the way to it', async () => {
  const endless = await startEndless({ heartbeatMs: 60_000 })
  const socket = await RawSocket.connect(endless.url, null)
  socket.socket.pause()
  for (let id = 0; id < 5; id++) socket.subscribe(String(id), { query: 'subscription { endless }' })
  let before = -1
  await eventually(
    async () => {
      const isStill = endless.pulled > 0 && endless.pulled === before
      before = endless.pulled
      await delay(300)
      return isStill
    },
    { withinMs: 15_000, what: 'no more is asked' },
  )
  const [served] = endless.sockets
  // One result of each subscription waits in the process; the rest is with the kernel.
  expect(served?.bufferedAmount).toBeLessThan(6 * (resultBytes + 200))
  const standing = endless.pulled
  socket.socket.resume()
  await eventually(() => endless.pulled > standing + 100, { withinMs: 5_000, what: 'it goes on' })
  socket.socket.terminate()
})

test('what a client sends is left unread while too much waits for it', async () => {
  const endless = await startEndless({ heartbeatMs: 60_000 })
  const socket = await RawSocket.connect(endless.url, null)
  const [served] = endless.sockets
  socket.socket.pause()
  const ping = JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(60_000) } })
  for (let sent = 0; sent < 1_000; sent++) socket.send(ping)
  await delay(1_500)
  // Without the bound the answers, 60 MB, would wait here.
  expect(served?.isPaused).toBe(true)
  expect(served?.bufferedAmount).toBeLessThan(1024 * 1024)
  socket.socket.resume()
  for (let answered = 0; answered < 1_000; answered++) expect((await socket.next()).type).toBe('pong')
  socket.socket.terminate()
})

test('a socket that does not answer a ping by the next is ended, also when it sends pongs that nobody asked for', async () => {
  const endless = await startEndless({ heartbeatMs: 300 })
  const silent = await RawSocket.open(endless.url, { autoPong: false })
  await silent.initialise()
  const deaf = await RawSocket.connect(endless.url, null)
  deaf.socket.pause()
  const pongs = setInterval(() => {
    if (deaf.socket.readyState === deaf.socket.OPEN) deaf.socket.pong('x')
  }, 50)
  const alive = await RawSocket.connect(endless.url, null)
  await eventually(() => endless.sockets.size === 1, {
    withinMs: 2_000,
    what: 'two of the sockets are ended',
  })
  await delay(1_000)
  clearInterval(pongs)
  expect(endless.sockets.size).toBe(1)
  expect(alive.socket.readyState).toBe(alive.socket.OPEN)
  alive.socket.terminate()
  deaf.socket.terminate()
})

test('consumers that do not read delay nobody, hold little memory, and receive everything once they read', async () => {
  const owner = await openSubscriber(world.url)
  const alertsCount = 1_200
  const slow: RawSocket[] = []
  for (let count = 0; count < 2; count++) {
    const socket = await RawSocket.connect(world.url, owner.key)
    socket.socket.pause()
    for (let id = 0; id < 20; id++) {
      socket.subscribe(String(id), { query: alertsSubscription, variables: { after: beginning } })
    }
    slow.push(socket)
  }
  const quick = await feedOverSocket(world.url, owner.key, { after: beginning })
  const received: AlertNode[] = []
  const memoryBefore = process.memoryUsage().rss
  await world.administrator.sql`
    SELECT raise_alert(${accountIdOf(owner.name)}, 'KEY_REVOKED', ${owner.keyId}, NULL, '{"reason":"UNSPECIFIED"}')
    FROM generate_series(1, ${alertsCount - 1})`
  while (received.length < alertsCount - 1) received.push(await quick.next())
  const raisedAt = performance.now()
  await raise(world, owner)
  received.push(await quick.next())
  // Whoever waits for them waits without end: they read nothing yet.
  expect(performance.now() - raisedAt).toBeLessThan(5_000)
  expect(process.memoryUsage().rss - memoryBefore).toBeLessThan(200 * 1024 * 1024)
  const truth = await listAllAlerts(world.url, owner)
  expect(faultsOf(received, truth)).toEqual([])
  await quick.close()

  const [first, ...others] = slow
  for (const socket of others) socket.socket.terminate()
  if (first === undefined) throw new TypeError('There are two.')
  first.socket.resume()
  const late = new Map<string | undefined, AlertNode[]>()
  for (let count = 0; count < 20 * alertsCount; count++) {
    const { id, payload } = await first.next(10_000)
    const alert: AlertNode = payload.data.alerts
    late.set(id, [...(late.get(id) ?? []), alert])
  }
  expect(late.size).toBe(20)
  for (const stream of late.values()) expect(faultsOf(stream, truth)).toEqual([])
  await first.close()
}, 90_000)
