import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { acquire, call, openAccount, storeKey, type RawKey } from '../../support/raw-client.ts'
import {
  alertsOf,
  expectBadInput,
  expectRefusal,
  expectSignedOnly,
  pick,
  secondsAhead,
  succeed,
  useWorld,
} from '../../support/operations.ts'

const world = useWorld()
const query = `query ($ids: [ID!]!, $acquisitionId: ID) {
  wrappedKeys(transactionKeyIds: $ids, acquisitionId: $acquisitionId) { jwe transactionKey { id useCount } } }`

async function accountWithKeys(...terms: Record<string, unknown>[]) {
  const { key } = await openAccount(world.url)
  const ids: string[] = []
  for (const changes of terms) ids.push((await storeKey(world.url, key, changes)).id)
  return { key, ids }
}

function acquireAll(key: RawKey, variables: { ids: readonly string[]; acquisitionId?: string }) {
  return call(world.url, key, { query, variables })
}

async function useCounts(ids: readonly string[]): Promise<number[]> {
  const rows = await world.sql`SELECT transaction_key_id AS id, use_count AS uses FROM transaction_key_usage`
  return ids.map((id) => Number(rows.find((row) => row['id'] === id)?.['uses']))
}

test('several keys are returned in the order of the request, each with its own JWE, each counted once', async () => {
  const { key } = await openAccount(world.url)
  const inputs = [
    await storeKey(world.url, key),
    await storeKey(world.url, key),
    await storeKey(world.url, key),
  ]
  for (const order of [inputs, inputs.toReversed()]) {
    const data = await succeed(world.url, key, { query, variables: { ids: order.map(({ id }) => id) } })
    expect(pick(data, 'wrappedKeys')).toMatchObject(
      order.map(({ id, wrappedKeys }) => ({ jwe: pick(wrappedKeys, 0, 'jwe'), transactionKey: { id } })),
    )
  }
  expect(await useCounts(inputs.map(({ id }) => id))).toEqual([2, 2, 2])
})

test.for([
  ['NOT_FOUND', null],
  ['KEY_NOT_YET_VALID', { notBefore: secondsAhead(600) }],
  ['KEY_OVERUSED', { maxUses: 1, overusePolicy: 'REFUSE' }],
] as const)('when one key is refused with %s none is returned or counted as used', async ([code, terms]) => {
  const { key, ids } = await accountWithKeys({}, terms ?? {})
  const [good = '', bad = ''] = ids
  if (code === 'KEY_OVERUSED') await acquire(world.url, key, { id: bad })
  const before = await useCounts(ids)
  const requested = [good, terms === null ? randomUUID() : bad]
  expectRefusal(await acquireAll(key, { ids: requested }), { code })
  expectRefusal(await acquireAll(key, { ids: requested.toReversed() }), { code })
  expect(await useCounts(ids)).toEqual(before)
})

test('a revoked key among them refuses all', async () => {
  const { key, ids } = await accountWithKeys({}, {})
  await succeed(world.url, key, { query: `mutation { revokeTransactionKey(id: "${ids[1] ?? ''}") { id } }` })
  expectRefusal(await acquireAll(key, { ids }), { code: 'KEY_REVOKED' })
  expect(await useCounts(ids)).toEqual([0, 0])
})

test("another account's key among them is like an unknown one", async () => {
  const [mine, theirs] = [await accountWithKeys({}), await accountWithKeys({})]
  const unknown = await acquireAll(mine.key, { ids: [...mine.ids, randomUUID()] })
  expect(await acquireAll(mine.key, { ids: [...mine.ids, ...theirs.ids] })).toEqual(unknown)
  expect(await acquireAll(mine.key, { ids: [...mine.ids, 'no id'] })).toEqual(unknown)
})

test('a refusal of over-use is counted and alerted for the over-used key only', async () => {
  const { key, ids } = await accountWithKeys(
    { maxUses: 5, overusePolicy: 'REFUSE' },
    { maxUses: 1, overusePolicy: 'REFUSE' },
  )
  await acquire(world.url, key, { id: ids[1] ?? '' })
  expectRefusal(await acquireAll(key, { ids }), { code: 'KEY_OVERUSED' })
  const alerts = await alertsOf(world.url, key, ['KEY_OVERUSED'])
  expect(alerts).toMatchObject([{ transactionKey: { id: ids[1] }, excess: 1, refused: true }])
})

test('an acquisition id counts each key once, and a further key under it as well', async () => {
  const { key, ids } = await accountWithKeys({}, {}, {})
  const acquisitionId = randomUUID()
  await acquireAll(key, { ids: ids.slice(0, 2), acquisitionId })
  await acquireAll(key, { ids, acquisitionId })
  await acquireAll(key, { ids: ids.toReversed(), acquisitionId })
  expect(await useCounts(ids)).toEqual([1, 1, 1])
})

test('a refused acquisition of several leaves its id unused', async () => {
  const { key, ids } = await accountWithKeys({}, {})
  const acquisitionId = randomUUID()
  await acquireAll(key, { ids: [...ids, randomUUID()], acquisitionId })
  await acquireAll(key, { ids, acquisitionId })
  expect(await useCounts(ids)).toEqual([1, 1])
})

test('one key twice in a request is refused', async () => {
  const { key, ids } = await accountWithKeys({})
  const [id = ''] = ids
  expectBadInput(await acquireAll(key, { ids: [id, id] }), 'transactionKeyIds')
  expectBadInput(await acquireAll(key, { ids: [id, id.toUpperCase()] }), 'transactionKeyIds')
  expect(await useCounts(ids)).toEqual([0])
})

test('of no keys none are returned, 100 are served and 101 are refused', async () => {
  const { key } = await openAccount(world.url)
  expect((await acquireAll(key, { ids: [] })).data).toEqual({ wrappedKeys: [] })
  const ids: string[] = []
  for (let stored = 0; stored < 100; stored++) ids.push((await storeKey(world.url, key)).id)
  expect((await acquireAll(key, { ids })).data?.['wrappedKeys']).toHaveLength(100)
  expectBadInput(await acquireAll(key, { ids: [...ids, randomUUID()] }), 'transactionKeyIds')
})

test('acquisitions of the same keys in other orders at once do not block each other', async () => {
  const { key, ids } = await accountWithKeys({}, {}, {}, {})
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      acquireAll(key, { ids: n % 2 ? ids : ids.toReversed(), acquisitionId: randomUUID() }),
    ),
  )
  expect(answers.flatMap(({ errors }) => errors)).toEqual([])
  expect(await useCounts(ids)).toEqual([20, 20, 20, 20])
})

test('acquiring takes a signature by a registered key', async () => {
  await expectSignedOnly(world.url, { query, variables: { ids: [] } })
})
