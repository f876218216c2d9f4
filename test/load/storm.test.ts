import postgres from 'postgres'
import { describe, expect, test } from 'vitest'
import { call, storeKey } from '../support/raw-client.ts'
import { feedOverEvents, feedOverSocket, type AlertFeed, type AlertNode } from '../support/socket.ts'
import { faultsOf } from '../support/stream-checker.ts'
import {
  beginning,
  listAllAlerts,
  openSubscriber,
  raise,
  take,
  useWorld,
  type Subscriber,
} from '../support/realtime.ts'

const world = useWorld({ count: 2 })
const writers = 12
const perWriter = 12

/** Revokes keys of an account through both servers at once: each revocation stores an alert. */
async function revokeAll(owner: Subscriber, keyIds: readonly string[]): Promise<void> {
  const left = [...keyIds]
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      const url = world.servers[writer % 2]?.url ?? ''
      for (let id = left.pop(); id !== undefined; id = left.pop()) {
        const { errors } = await call(url, owner.key, {
          query: 'mutation ($id: ID!) { revokeTransactionKey(id: $id) { id } }',
          variables: { id },
        })
        expect(errors).toEqual([])
      }
    }),
  )
}

async function storeKeys(owner: Subscriber, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let stored = 0; stored < count; stored += 20) {
    const batch = Array.from({ length: Math.min(20, count - stored) }, () => storeKey(world.url, owner.key))
    ids.push(...(await Promise.all(batch)).map(({ id }) => id))
  }
  return ids
}

test('of alerts that 12 writers cause through two servers every subscriber of either server receives each once, in order and without a gap', async () => {
  const owner = await openSubscriber(world.url)
  const keyIds = await storeKeys(owner, writers * perWriter)
  const feeds: AlertFeed[] = []
  for (const { url } of world.servers) {
    for (const subscribe of [feedOverSocket, feedOverEvents]) {
      feeds.push(await subscribe(url, owner.key, { after: beginning }))
    }
  }
  const received = Promise.all(feeds.map((feed) => take(feed, keyIds.length)))
  await revokeAll(owner, keyIds)
  const streams = await received
  const truth = await listAllAlerts(world.url, owner)
  expect(truth).toHaveLength(keyIds.length)
  for (const stream of streams) expect(faultsOf(stream, truth)).toEqual([])
  for (const feed of feeds) await expect(feed.next(100)).rejects.toThrow('in 100 ms')
  await Promise.all(feeds.map((feed) => feed.close()))
}, 60_000)

test('a subscriber that goes and comes back again and again, to either server, misses nothing and sees nothing twice', async () => {
  const owner = await openSubscriber(world.url)
  const keyIds = await storeKeys(owner, 90)
  const writing = revokeAll(owner, keyIds)
  const received: AlertNode[] = []
  for (let round = 0; received.length < keyIds.length; round++) {
    const after = received.at(-1)?.cursor ?? beginning
    const subscribe = round % 2 ? feedOverEvents : feedOverSocket
    const feed = await subscribe(world.servers[round % 2]?.url ?? '', owner.key, { after })
    received.push(...(await take(feed, Math.min(9, keyIds.length - received.length))))
    await feed.close()
  }
  await writing
  expect(faultsOf(received, await listAllAlerts(world.url, owner))).toEqual([])
}, 60_000)

describe('negative control: the checker finds', () => {
  const truth = Array.from({ length: 10 }, (_, place) => ({ cursor: String(place) }))

  test.each([
    ['a gap', truth.toSpliced(4, 1)],
    ['a missing end', truth.slice(0, 8)],
    ['a missing beginning', truth.slice(2)],
    ['a doubled alert', truth.toSpliced(4, 0, { cursor: '3' })],
    ['two in the wrong order', truth.toSpliced(4, 2, { cursor: '5' }, { cursor: '4' })],
    ['one that is not stored', truth.toSpliced(4, 0, { cursor: 'x' })],
    ['silence', []],
  ])('%s', (_what, received) => {
    expect(faultsOf(received, truth)).not.toEqual([])
  })

  test('and nothing in a stream that is whole', () => {
    expect(faultsOf(truth, truth)).toEqual([])
  })

  test('that notifications alone, without reading from a cursor, lose alerts when their connection is lost', async () => {
    const owner = await openSubscriber(world.url)
    // The connection of a naive subscriber delivers an alert for each notification, in the order of arrival.
    let heard = 0
    const naive = postgres(world.servers[0]?.databaseUrl ?? '', {
      max: 1,
      connection: { application_name: 'naive' },
    })
    await naive.listen('claviger_alerts', () => {
      heard++
    })
    await raise(world, owner, { count: 5 })
    await expect.poll(() => heard).toBe(5)
    // It does not come back: how soon it would is not what is tested.
    await naive.end({ timeout: 0 })
    await raise(world, owner, { count: 5 })
    const stored = await listAllAlerts(world.url, owner)
    expect(faultsOf(stored.slice(0, heard), stored)).toEqual(['5 missing at the end'])
  })
})
