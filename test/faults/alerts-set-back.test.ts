import { describe, expect, test } from 'vitest'
import { expectRefusal } from '../support/operations.ts'
import { call } from '../support/raw-client.ts'
import { alertsSubscription, feedOverEvents, feedOverSocket, RawSocket } from '../support/socket.ts'
import {
  listAlerts,
  loseLast,
  openSubscriber,
  raise,
  take,
  useWorld,
  type Subscriber,
} from '../support/realtime.ts'

/*
 * A database that fails over to a standby without the last transactions, or is restored from a backup, gives the positions of
 * the lost alerts a second time.
 */

const world = useWorld()

/** An account, and the cursor of its third alert, which is lost. */
async function openSetBack({ grown }: { grown: number }): Promise<{ owner: Subscriber; lost: string }> {
  const owner = await openSubscriber(world.url)
  await raise(world, owner, { count: 3 })
  const lost = (await listAlerts(world.url, owner)).at(-1)?.cursor ?? ''
  await loseLast(world, owner, { count: 2 })
  await raise(world, owner, { count: grown })
  return { owner, lost }
}

test.each([
  ['a WebSocket', feedOverSocket],
  ['server-sent events', feedOverEvents],
])('over %s a stream ends with CURSOR_EXPIRED when the alerts that it brought are lost', async (_, open) => {
  const owner = await openSubscriber(world.url)
  await raise(world, owner)
  const [first] = await listAlerts(world.url, owner)
  const feed = await open(world.url, owner.key, { after: first?.cursor ?? '' })
  await raise(world, owner, { count: 2 })
  await take(feed, 2)
  await loseLast(world, owner, { count: 2 })
  await raise(world, owner)
  await expect(feed.next(8_000)).rejects.toThrow('CURSOR_EXPIRED')
})

describe.each([0, 2, 3])(
  'when %d alerts have come since others were lost, the cursor of a lost one',
  (grown) => {
    test('is CURSOR_EXPIRED for a subscription and for a page', async () => {
      const { owner, lost } = await openSetBack({ grown })
      const socket = await RawSocket.connect(world.url, owner.key)
      const { payload } = await socket.run(alertsSubscription, { after: lost })
      await socket.close()
      expect((payload.errors ?? payload)[0].extensions.code).toBe('CURSOR_EXPIRED')
      const page = await call(world.url, owner.key, {
        query: `query ($after: String) { account { alerts(after: $after) { edges { cursor } } } }`,
        variables: { after: lost },
      })
      expectRefusal(page, { code: 'CURSOR_EXPIRED' })
    })

    test('acknowledges no alert that its holder has not seen', async () => {
      const { owner, lost } = await openSetBack({ grown })
      const { data } = await call(world.url, owner.key, {
        query: 'mutation ($upTo: String!) { acknowledgeAlerts(upTo: $upTo) }',
        variables: { upTo: lost },
      })
      expect(data).toEqual({ acknowledgeAlerts: 0 })
    })
  },
)

test('an alert has another id than the lost one whose position it takes', async () => {
  const owner = await openSubscriber(world.url)
  await raise(world, owner)
  const [lost] = await listAlerts(world.url, owner)
  await loseLast(world, owner, { count: 1 })
  await raise(world, owner)
  const [kept] = await listAlerts(world.url, owner)
  expect(kept?.id).toMatch(/./)
  expect(kept?.id).not.toBe(lost?.id)
})
