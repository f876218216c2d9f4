import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../support/server.ts'
import {
  alertsSubscription,
  feedOverSocket,
  RawEvents,
  RawSocket,
  type AlertNode,
} from '../support/socket.ts'
import { faultsOf } from '../support/stream-checker.ts'
import { beginning, listAllAlerts, openSubscriber, raise, take, useWorld } from '../support/realtime.ts'

const world = useWorld({ count: 2 })

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

/** Another server on the same database, for a test to stop. */
async function startAnother(): Promise<TestServer> {
  const server = await startTestServer(world.servers[0]?.databaseUrl ?? '')
  stops.push(() => server.stop())
  return server
}

test('each of two servers on one database delivers to its own subscribers, within a second', async () => {
  const owner = await openSubscriber(world.url)
  const feeds = await Promise.all(
    world.servers.map(({ url }) => feedOverSocket(url, owner.key, { after: beginning })),
  )
  await delay(300)
  for (let round = 0; round < 3; round++) {
    const raisedAt = performance.now()
    await raise(world, owner)
    await Promise.all(feeds.map((feed) => feed.next()))
    expect(performance.now() - raisedAt).toBeLessThan(1_000)
  }
  for (const feed of feeds) await feed.close()
})

test('alerts that were stored while the listening connection was lost arrive, and those after it too', async () => {
  const owner = await openSubscriber(world.url)
  const feed = await feedOverSocket(world.url, owner.key, { after: beginning })
  await raise(world, owner)
  await feed.next()
  expect(await world.administrator.endBackends('claviger listen')).toBeGreaterThan(0)
  // Its notification meets nobody.
  await raise(world, owner)
  const lostAt = performance.now()
  await feed.next()
  expect(performance.now() - lostAt).toBeLessThan(3_000)
  await raise(world, owner)
  const raisedAt = performance.now()
  await feed.next(2_000)
  expect(performance.now() - raisedAt).toBeLessThan(1_000)
  await feed.close()
})

test('a subscription survives that all connections of its server to the database are ended', async () => {
  const owner = await openSubscriber(world.url)
  const feed = await feedOverSocket(world.url, owner.key, { after: beginning })
  await raise(world, owner)
  await feed.next()
  await world.administrator.endBackends('claviger')
  await delay(100)
  await raise(world, owner)
  await feed.next()
  await feed.close()
})

test('a server that stops closes its sockets with 1001 and completes nothing, and who resumes elsewhere misses nothing', async () => {
  const owner = await openSubscriber(world.url)
  const stopping = await startAnother()
  const socket = await RawSocket.connect(stopping.url, owner.key)
  socket.subscribe('1', { query: alertsSubscription, variables: { after: beginning } })
  await raise(world, owner, { count: 5 })
  const received: AlertNode[] = []
  while (received.length < 5) {
    const alert: AlertNode = (await socket.next()).payload.data.alerts
    received.push(alert)
  }
  const stopped = stopping.stop()
  await raise(world, owner, { count: 5 })
  expect(await socket.closed).toEqual({ code: 1001, reason: 'Going away' })
  await stopped
  // An alert may have come before the end; a "complete" has none.
  while (socket.waiting > 0) {
    const alert: AlertNode = (await socket.next()).payload.data.alerts
    received.push(alert)
  }
  const feed = await feedOverSocket(world.url, owner.key, { after: received.at(-1)?.cursor ?? '' })
  received.push(...(await take(feed, 10 - received.length)))
  await feed.close()
  expect(faultsOf(received, await listAllAlerts(world.url, owner))).toEqual([])
})

test('a server that stops fails its event streams with UNAVAILABLE, and does not wait for their clients', async () => {
  const owner = await openSubscriber(world.url)
  const stopping = await startAnother()
  const events = await RawEvents.open(stopping.url, owner.key, {
    query: alertsSubscription,
    variables: { after: beginning },
  })
  await raise(world, owner)
  expect((await events.next()).event).toBe('next')
  const began = performance.now()
  await stopping.stop()
  expect(performance.now() - began).toBeLessThan(5_000)
  expect(JSON.parse((await events.next()).data)).toMatchObject({
    errors: [{ extensions: { code: 'UNAVAILABLE' } }],
  })
  await events.ended
})

test('a server that stops does not wait for a socket that does not answer', async () => {
  const stopping = await startAnother()
  const socket = await RawSocket.connect(stopping.url, null)
  socket.socket.pause()
  const began = performance.now()
  await stopping.stop()
  expect(performance.now() - began).toBeLessThan(5_000)
  socket.socket.terminate()
})
