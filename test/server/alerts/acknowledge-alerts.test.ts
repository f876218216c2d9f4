import { expect, test } from 'vitest'
import { encodeCursor } from '../../../schema/wire/cursor.ts'
import { call, openAccount, storeKey, type RawKey } from '../../support/raw-client.ts'
import {
  expectBadInput,
  expectSignedOnly,
  pick,
  pickEach,
  succeed,
  useWorld,
} from '../../support/operations.ts'

const world = useWorld()
const query = 'mutation ($upTo: String!) { acknowledgeAlerts(upTo: $upTo) }'

async function acknowledge(key: RawKey, upTo: unknown) {
  return pick(await succeed(world.url, key, { query, variables: { upTo } }), 'acknowledgeAlerts')
}

async function alerts(key: RawKey) {
  const data = await succeed(world.url, key, {
    query: '{ account { alerts { edges { cursor node { acknowledgedAt } } unacknowledgedCount } } }',
  })
  return {
    cursors: pickEach(pick(data, 'account', 'alerts', 'edges'), 'cursor'),
    times: pickEach(pick(data, 'account', 'alerts', 'edges'), 'node', 'acknowledgedAt'),
    unacknowledged: pick(data, 'account', 'alerts', 'unacknowledgedCount'),
  }
}

async function accountWithAlerts(count: number): Promise<RawKey> {
  const { key } = await openAccount(world.url)
  for (let raised = 0; raised < count; raised++) {
    const { id } = await storeKey(world.url, key)
    await succeed(world.url, key, { query: `mutation { revokeTransactionKey(id: "${id}") { id } }` })
  }
  return key
}

test('the alerts up to and including the cursor are marked, and their number is answered', async () => {
  const key = await accountWithAlerts(3)
  const { cursors } = await alerts(key)
  expect(await acknowledge(key, cursors[1])).toBe(2)
  const { times, unacknowledged } = await alerts(key)
  expect(times).toEqual([expect.any(String), expect.any(String), null])
  expect(unacknowledged).toBe(1)
})

test('what is marked stays marked at its first time, and is not counted again', async () => {
  const key = await accountWithAlerts(3)
  const { cursors } = await alerts(key)
  expect(await acknowledge(key, cursors[1])).toBe(2)
  const { times } = await alerts(key)
  expect(await acknowledge(key, cursors[1])).toBe(0)
  expect(await acknowledge(key, cursors[0])).toBe(0)
  expect(await acknowledge(key, cursors[2])).toBe(1)
  expect((await alerts(key)).times.slice(0, 2)).toEqual(times.slice(0, 2))
})

test("another account's cursor marks none of its alerts", async () => {
  const [mine, theirs] = [await accountWithAlerts(1), await accountWithAlerts(2)]
  const { cursors } = await alerts(theirs)
  await acknowledge(mine, cursors[1])
  expect((await alerts(theirs)).unacknowledged).toBe(2)
})

test('of two that mark the same alerts at once, each alert is counted by one', async () => {
  const key = await accountWithAlerts(4)
  const { cursors } = await alerts(key)
  const counts = await Promise.all([1, 2, 3].map(() => acknowledge(key, cursors[3])))
  expect(counts.map(Number).reduce((sum, count) => sum + count)).toBe(4)
})

test.for(['', 'x', '\0', encodeCursor('key', '1'), encodeCursor('alert', '-1'), encodeCursor('alert', 'x')])(
  'the cursor %j is refused',
  async (upTo) => {
    const key = await accountWithAlerts(1)
    expectBadInput(await call(world.url, key, { query, variables: { upTo } }), 'upTo')
    expect((await alerts(key)).unacknowledged).toBe(1)
  },
)

test('a cursor of the form before, without a time, marks the alerts up to it', async () => {
  const key = await accountWithAlerts(3)
  expect(await acknowledge(key, encodeCursor('alert', '2'))).toBe(2)
  expect(await acknowledge(key, encodeCursor('alert', '7'))).toBe(0)
})

test('acknowledging takes a signature by a registered key', async () => {
  await expectSignedOnly(world.url, { query, variables: { upTo: encodeCursor('alert', '0') } })
})
