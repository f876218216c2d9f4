import 'fake-indexeddb/auto'
import { describe, expect, test } from 'vitest'
import { KeyList } from '../../../client/console/data/key-list.ts'
import { Resource } from '../../../client/console/data/resource.ts'
import { viewerOf } from '../../../client/console/session/access.ts'
import { AlertFeed } from '../../../client/console/session/alert-feed.ts'
import type { AlertPage, KeyPage, Vault } from '../../../client/index.ts'
import { createVault, memoryKeystore } from '../../../client/index.ts'
import { AlertStore } from '../../../client/react/alert-store.ts'
import { newOwner, shop, useWorld } from '../../support/devices.ts'

const world = useWorld()

/** Answers that come when the test says so, in the order of the questions. */
function delayed<T>() {
  const waiting: ((answer: T) => void)[] = []
  return {
    ask: () => new Promise<T>((resolve) => waiting.push(resolve)),
    asked: () => waiting.length,
    answer: async (index: number, answer: T) => {
      waiting[index]?.(answer)
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

describe('something that pages read', () => {
  test('is not set back by an answer that was asked for before an operation changed it', async () => {
    const server = delayed<string>()
    const resource = new Resource(server.ask)
    const reading = resource.reload()
    resource.set('changed')
    await server.answer(0, 'before')
    await reading
    expect(resource.state.value).toEqual({ data: 'changed', error: null, isLoading: false })
  })

  test('is read once more when it is asked for while an older answer is on its way, once for all who ask', async () => {
    const server = delayed<string>()
    const resource = new Resource(server.ask)
    const readings = [resource.reload(), resource.reload(), resource.reload()]
    expect(server.asked()).toBe(1)
    await server.answer(0, 'before')
    expect(server.asked()).toBe(2)
    await server.answer(1, 'after')
    await Promise.all(readings)
    expect(resource.state.value).toMatchObject({ data: 'after', isLoading: false })
    expect(server.asked()).toBe(2)
  })

  test('that has changed while it was read is read again by whoever shows it next', async () => {
    const server = delayed<string>()
    const resource = new Resource(server.ask)
    resource.ensure()
    resource.ensure()
    expect(server.asked()).toBe(1)
    resource.expire()
    await server.answer(0, 'before')
    resource.ensure()
    await server.answer(1, 'after')
    expect(resource.state.value).toMatchObject({ data: 'after', isLoading: false })
    resource.ensure()
    expect(server.asked()).toBe(2)
  })
})

test('a key that was changed while the list was read is shown as it is now', async () => {
  const vault = await createVault({ url: world.url, owner: newOwner(), keystore: memoryKeystore() })
  const { id } = await vault.createKey(shop, { label: 'Before' })
  const pages = delayed<KeyPage>()
  const list = new KeyList(viewerOf({ ...vault, keyPage: pages.ask }))
  const before = await vault.keyPage({ first: 100 })
  const reading = list.reload()
  const changed = await vault.updateKey(id, { label: 'After' })
  list.put(changed)
  await pages.answer(0, before)
  await pages.answer(1, await vault.keyPage({ first: 100 }))
  await reading
  expect(list.state.value.pages.get(0)?.map(({ label }) => label)).toEqual(['After'])
})

describe('alerts', () => {
  test('of an older page that was asked for twice are shown once', async () => {
    const vault = await withAlerts(3)
    const page = await vault.alertHistory({ last: 3 })
    const pages = delayed<AlertPage>()
    const feed = new AlertFeed(viewerOf({ ...vault, alertHistory: pages.ask }))
    const readings = [feed.readOlder(), feed.readOlder()]
    await pages.answer(0, page)
    await pages.answer(1, page)
    await Promise.all(readings)
    expect(feed.state.value.alerts).toHaveLength(3)
  })

  test('that are newer than those that were marked as read are the unread ones', async () => {
    const vault = await withAlerts(3)
    const feed = new AlertFeed(viewerOf(vault))
    await feed.readOlder()
    await feed.acknowledge(feed.state.value.alerts[1]?.cursor ?? '')
    expect(feed.state.value).toMatchObject({ unreadCount: 1 })
    expect(
      feed.state.value.alerts.map((alert) => 'acknowledgedAt' in alert && alert.acknowledgedAt !== null),
    ).toEqual([false, true, true])
  })

  test('that arrive while the history is read are kept by the hook of all components', async () => {
    const vault = await withAlerts(2)
    const [older, newer] = (await vault.alertHistory({ last: 2 })).alerts
    if (older === undefined || newer === undefined) throw new TypeError('There are two.')
    const history = (count: number): AlertPage => ({
      alerts: [older, newer].slice(0, count),
      startCursor: older.cursor,
      endCursor: older.cursor,
      hasNextPage: false,
      hasPreviousPage: false,
      unacknowledgedCount: count,
    })
    const pages = delayed<AlertPage>()
    const stub: Vault = { ...vault, alertHistory: pages.ask, acknowledgeAlerts: () => Promise.resolve(0) }
    const store = new AlertStore({ ...stub, alerts: () => vault.alerts({ after: older.cursor }) })
    const arrived = Promise.withResolvers<boolean>()
    const stop = store.subscribe(() => {
      if (store.snapshot().alerts.length === 2) arrived.resolve(true)
    })
    await pages.answer(0, history(1))
    const acknowledging = store.acknowledge(older.cursor)
    await arrived.promise
    await pages.answer(1, { ...history(1), unacknowledgedCount: 0 })
    await acknowledging
    stop()
    expect(store.snapshot()).toMatchObject({
      alerts: [{ cursor: newer.cursor }, { cursor: older.cursor }],
      unacknowledgedCount: 1,
    })
  })
})

/** An account with some alerts of revoked keys. */
async function withAlerts(count: number): Promise<Vault> {
  const vault = await createVault({ url: world.url, owner: newOwner(), keystore: memoryKeystore() })
  for (let made = 0; made < count; made += 1) {
    const { id } = await vault.createKey(shop)
    await vault.revokeKey(id)
  }
  return vault
}
