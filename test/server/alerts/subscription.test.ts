import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { encodeCursor } from '../../../schema/wire/cursor.ts'
import { acquire, call, storeKey } from '../../support/raw-client.ts'
import {
  alertsSubscription,
  feedOverEvents,
  feedOverSocket,
  RawEvents,
  RawSocket,
  type AlertFeed,
  type AlertsAsked,
} from '../../support/socket.ts'
import type { RawKey } from '../../support/raw-client.ts'
import {
  beginning,
  listAlerts,
  listAllAlerts,
  loseLast,
  openSubscriber,
  raise,
  take,
  useWorld,
} from '../../support/realtime.ts'

const world = useWorld()

type Transport = (url: string, key: RawKey, asked?: AlertsAsked) => Promise<AlertFeed>

/** How a subscription with these variables is refused, over each transport. */
const refusals = {
  'a WebSocket': async (key: RawKey, asked: object) => {
    const socket = await RawSocket.connect(world.url, key)
    const { type, payload } = await socket.run(alertsSubscription, asked)
    await socket.close()
    const extensions: unknown = (type === 'error' ? payload : payload.errors)[0].extensions
    return extensions
  },
  'server-sent events': async (key: RawKey, asked: object) => {
    const events = await RawEvents.open(world.url, key, { query: alertsSubscription, variables: asked })
    const { data } = await events.next()
    await events.close()
    const extensions: unknown = JSON.parse(data).errors[0].extensions
    return extensions
  },
}

const transports: readonly [keyof typeof refusals, Transport][] = [
  ['a WebSocket', feedOverSocket],
  ['server-sent events', feedOverEvents],
]

describe.each(transports)('over %s', (name, subscribe) => {
  test('from a cursor the alerts after it come, then those to come, in the order and with the cursors of the list', async () => {
    const owner = await openSubscriber(world.url)
    await raise(world, owner, { count: 3 })
    const [first] = await listAlerts(world.url, owner)
    const feed = await subscribe(world.url, owner.key, { after: first?.cursor ?? '' })
    const stored = await take(feed, 2)
    await raise(world, owner, { count: 2 })
    const live = await take(feed, 2)
    await feed.close()
    expect([first, ...stored, ...live]).toEqual(await listAlerts(world.url, owner))
  })

  test('more stored alerts than fit in a page come all and in order', async () => {
    const owner = await openSubscriber(world.url)
    await raise(world, owner, { count: 230 })
    const feed = await subscribe(world.url, owner.key, { after: beginning })
    const told = await take(feed, 230)
    await feed.close()
    expect(told).toEqual(await listAllAlerts(world.url, owner))
    expect(told.map(({ id }) => id)).toHaveLength(230)
  })

  test('without a cursor only those to come arrive, within a second', async () => {
    const owner = await openSubscriber(world.url)
    await raise(world, owner, { count: 2 })
    const feed = await subscribe(world.url, owner.key)
    await delay(300)
    const raisedAt = performance.now()
    await raise(world, owner)
    const alert = await feed.next()
    expect(performance.now() - raisedAt).toBeLessThan(1_000)
    await feed.close()
    expect(alert).toEqual((await listAlerts(world.url, owner))[2])
  })

  test('of the kinds that were asked for only these come', async () => {
    const owner = await openSubscriber(world.url)
    await raise(world, owner, { kind: 'KEY_REVOKED', count: 120 })
    await raise(world, owner, { kind: 'KEY_EXPIRED' })
    const feed = await subscribe(world.url, owner.key, { after: beginning, kinds: ['KEY_EXPIRED'] })
    const stored = await feed.next()
    await raise(world, owner, { kind: 'KEY_REVOKED' })
    await raise(world, owner, { kind: 'KEY_EXPIRED' })
    const live = await feed.next()
    await feed.close()
    const all = await listAllAlerts(world.url, owner)
    expect([stored, live]).toEqual([all[120], all[122]])
  })

  test("nobody receives another account's alerts", async () => {
    const owner = await openSubscriber(world.url)
    const stranger = await openSubscriber(world.url)
    const feed = await subscribe(world.url, stranger.key, { after: beginning })
    await raise(world, owner, { count: 2 })
    await raise(world, stranger)
    const alert = await feed.next()
    await expect(feed.next(300)).rejects.toThrow('in 300 ms')
    await feed.close()
    expect([alert]).toEqual(await listAlerts(world.url, stranger))
  })

  test('a text that is no cursor is refused', async () => {
    const owner = await openSubscriber(world.url)
    for (const after of [
      '',
      'nonsense',
      encodeCursor('key', '1'),
      encodeCursor('alert', '-1'),
      encodeCursor('alert', '01@1795414860000'),
      encodeCursor('alert', '0@1795414860000'),
      encodeCursor('alert', '1@01'),
      encodeCursor('alert', '1@17954148600000'),
    ]) {
      expect(await refusals[name](owner.key, { after })).toMatchObject({
        code: 'BAD_USER_INPUT',
        field: 'after',
      })
    }
  })

  test('a cursor ahead of the newest alert, or before the oldest that is kept, is refused with CURSOR_EXPIRED', async () => {
    const owner = await openSubscriber(world.url)
    await raise(world, owner, { count: 3 })
    await raise(world, owner)
    const [first, second, third, fourth] = await listAlerts(world.url, owner)
    await loseLast(world, owner, { count: 1 })
    await world.administrator.sql`
      WITH gone AS (DELETE FROM alerts USING accounts WHERE name = ${owner.name} AND id = account_id AND position <= 2
        RETURNING account_id, position, occurred_at)
      UPDATE accounts SET alert_low_water_mark = 2, alert_low_water_mark_at = occurred_at
      FROM gone WHERE id = account_id AND position = 2`
    for (const gone of [first, fourth]) {
      expect(await refusals[name](owner.key, { after: gone?.cursor })).toMatchObject({
        code: 'CURSOR_EXPIRED',
      })
    }
    const feed = await subscribe(world.url, owner.key, { after: second?.cursor ?? '' })
    expect(await feed.next()).toEqual(third)
    await feed.close()
  })
})

test('a use beyond the limit reaches its owner as an alert with its particulars', async () => {
  const owner = await openSubscriber(world.url)
  const { id } = await storeKey(world.url, owner.key, { maxUses: 1 })
  const socket = await RawSocket.connect(world.url, owner.key)
  socket.subscribe('1', {
    query: `subscription { alerts { kind ... on KeyOverusedAlert { transactionKey { id useCount } maxUses excess refused managementKey { id } } } }`,
  })
  await delay(200)
  await acquire(world.url, owner.key, { id })
  await acquire(world.url, owner.key, { id })
  expect(await socket.next()).toEqual({
    id: '1',
    type: 'next',
    payload: {
      data: {
        alerts: {
          kind: 'KEY_OVERUSED',
          transactionKey: { id, useCount: 2 },
          maxUses: 1,
          excess: 1,
          refused: false,
          managementKey: { id: owner.key.id },
        },
      },
    },
  })
  await socket.close()
})

test("a term's end reaches its owner within a second", async () => {
  const owner = await openSubscriber(world.url)
  const feed = await feedOverSocket(world.url, owner.key, { after: beginning })
  const expiresAt = new Date(Date.now() + 1_500)
  await storeKey(world.url, owner.key, { expiresAt: expiresAt.toISOString(), expiryNotices: [1] })
  expect((await feed.next()).kind).toBe('KEY_EXPIRING')
  expect((await feed.next()).kind).toBe('KEY_EXPIRED')
  expect(Date.now() - expiresAt.getTime()).toBeGreaterThanOrEqual(0)
  expect(Date.now() - expiresAt.getTime()).toBeLessThan(1_000)
  await feed.close()
})

test('a subscription that was completed by its client sends nothing more, and its id can be used again', async () => {
  const owner = await openSubscriber(world.url)
  const socket = await RawSocket.connect(world.url, owner.key)
  socket.subscribe('1', { query: alertsSubscription, variables: { after: beginning } })
  await raise(world, owner)
  expect((await socket.next()).type).toBe('next')
  socket.send({ id: '1', type: 'complete' })
  await delay(200)
  await raise(world, owner)
  await expect(socket.next(500)).rejects.toThrow('in 500 ms')
  socket.subscribe('1', { query: alertsSubscription, variables: { after: beginning } })
  expect((await socket.next()).payload.data.alerts).toEqual((await listAlerts(world.url, owner))[0])
  await socket.close()
})

test('an alert says over the socket what it says in the list', async () => {
  const owner = await openSubscriber(world.url)
  await raise(world, owner)
  const fields = `id kind cursor occurredAt acknowledgedAt ... on KeyRevokedAlert { reason transactionKey { id state } }`
  const { data } = await call(world.url, owner.key, {
    query: `{ account { alerts(first: 1) { edges { node { ${fields} } } } } }`,
  })
  const socket = await RawSocket.connect(world.url, owner.key)
  socket.subscribe('1', {
    query: `subscription ($after: String) { alerts(after: $after) { ${fields} } }`,
    variables: { after: beginning },
  })
  const { payload } = await socket.next()
  expect(payload.data.alerts).toEqual(data?.['account'].alerts.edges[0].node)
  await socket.close()
})
