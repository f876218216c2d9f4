import { expect, test } from 'vitest'
import { acquire, call, createRawKey, openAccount, storeKey, type RawKey } from '../../support/raw-client.ts'
import {
  alertsOf,
  expectBadInput,
  expectRefusal,
  expectSignedOnly,
  pick,
  secondsAhead,
  strangeIds,
  succeed,
  useWorld,
} from '../../support/operations.ts'

const world = useWorld()
const query = `mutation ($input: UpdateTransactionKeyInput!) { updateTransactionKey(input: $input) {
  id label notBefore expiresAt expiryNotices maxUses overusePolicy useCount refusedCount state } }`
const day = 86_400

function update(key: RawKey, input: Record<string, unknown>) {
  return call(world.url, key, { query, variables: { input } })
}

async function updated(key: RawKey, input: Record<string, unknown>) {
  return pick(await succeed(world.url, key, { query, variables: { input } }), 'updateTransactionKey')
}

async function keyWith(terms: Record<string, unknown>) {
  const { key } = await openAccount(world.url)
  return { key, id: (await storeKey(world.url, key, terms)).id }
}

async function dueSeconds(id: string): Promise<number[]> {
  const rows =
    await world.sql`SELECT notice_seconds FROM deadlines WHERE transaction_key_id = ${id} AND taken_at IS NULL ORDER BY 1`
  return rows.map((row) => Number(row['notice_seconds']))
}

test('only what is given changes', async () => {
  const terms = {
    label: 'a',
    expiresAt: secondsAhead(3600).toISOString(),
    expiryNotices: [60],
    maxUses: 3,
    overusePolicy: 'REFUSE',
  }
  const { key, id } = await keyWith(terms)
  expect(await updated(key, { id })).toMatchObject({ ...terms, id })
  expect(await updated(key, { id, label: 'b' })).toMatchObject({ ...terms, label: 'b' })
  expect(await updated(key, { id, maxUses: 4 })).toMatchObject({ ...terms, label: 'b', maxUses: 4 })
  expect(await updated(key, { id, expiryNotices: [30, 90] })).toMatchObject({
    ...terms,
    label: 'b',
    maxUses: 4,
    expiryNotices: [90, 30],
  })
})

test('an explicit null removes', async () => {
  const { key, id } = await keyWith({
    label: 'a',
    expiresAt: secondsAhead(60),
    expiryNotices: [30],
    maxUses: 1,
    overusePolicy: 'REFUSE',
  })
  const nulls = { label: null, expiresAt: null, maxUses: null, overusePolicy: null }
  expect(await updated(key, { id, ...nulls })).toMatchObject({
    label: null,
    expiresAt: null,
    maxUses: null,
    overusePolicy: 'NOTIFY',
  })
  expect(await dueSeconds(id)).toEqual([])
})

test('an expired key is active again when its term is extended', async () => {
  const { key, id } = await keyWith({ expiresAt: secondsAhead(-60) })
  expect(await updated(key, { id, expiresAt: secondsAhead(60) })).toMatchObject({ state: 'ACTIVE' })
})

test('extending a term arms its notices and its end again, each alert once for each term', async () => {
  const { key, id } = await keyWith({ expiresAt: secondsAhead(3600), expiryNotices: [60] })
  const elapse = () => world.sql`UPDATE deadlines SET due_at = now() WHERE transaction_key_id = ${id}`
  for (const alerts of [1, 2]) {
    await updated(key, { id, expiresAt: secondsAhead(3600 * alerts) })
    expect(await dueSeconds(id)).toEqual([0, 60])
    await elapse()
    await expect
      .poll(() => alertsOf(world.url, key, ['KEY_EXPIRING', 'KEY_EXPIRED']))
      .toHaveLength(2 * alerts)
  }
})

test('a change that leaves the term as it is arms no alert again', async () => {
  const { key, id } = await keyWith({ expiresAt: secondsAhead(-60) })
  await expect.poll(() => alertsOf(world.url, key, ['KEY_EXPIRED'])).toHaveLength(1)
  await updated(key, { id, label: 'x', maxUses: 5, expiryNotices: [60] })
  expect(await dueSeconds(id)).toEqual([])
})

test('default notices follow the new term, and given ones stay', async () => {
  const { key, id } = await keyWith({ expiresAt: secondsAhead(3600) })
  expect(await updated(key, { id, expiresAt: secondsAhead(8 * day) })).toMatchObject({
    expiryNotices: [7 * day, day],
  })
  expect(await updated(key, { id, expiryNotices: [5] })).toMatchObject({ expiryNotices: [5] })
  expect(await updated(key, { id, expiresAt: secondsAhead(9 * day) })).toMatchObject({ expiryNotices: [5] })
  expect(await updated(key, { id, expiryNotices: null })).toMatchObject({ expiryNotices: [7 * day, day] })
})

test('a new limit restarts the count of over-use alerts', async () => {
  const { key, id } = await keyWith({ maxUses: 1 })
  const excesses = async () =>
    (await alertsOf(world.url, key, ['KEY_OVERUSED'])).map((alert) => pick(alert, 'excess'))
  for (let uses = 0; uses < 4; uses++) await acquire(world.url, key, { id })
  expect(await excesses()).toEqual([1, 2])
  await updated(key, { id, maxUses: 5 })
  for (let uses = 0; uses < 3; uses++) await acquire(world.url, key, { id })
  expect(await excesses()).toEqual([1, 2, 1, 2])
})

test('raising the limit of an over-used key lets it be acquired again, and its counts stay', async () => {
  const { key, id } = await keyWith({ maxUses: 1, overusePolicy: 'REFUSE' })
  await acquire(world.url, key, { id })
  expect((await acquire(world.url, key, { id })).code).toBe('KEY_OVERUSED')
  expect(await updated(key, { id, maxUses: 2 })).toMatchObject({ useCount: 1, refusedCount: 1 })
  expect((await acquire(world.url, key, { id })).errors).toEqual([])
  expect((await acquire(world.url, key, { id })).code).toBe('KEY_OVERUSED')
})

test('a revoked key cannot be changed', async () => {
  const { key, id } = await keyWith({})
  await succeed(world.url, key, { query: `mutation { revokeTransactionKey(id: "${id}") { id } }` })
  expectRefusal(await update(key, { id, label: 'x' }), { code: 'KEY_REVOKED' })
  expectRefusal(await update(key, { id }), { code: 'KEY_REVOKED' })
})

test("another account's key, an unknown one and what is no id are one and the same answer", async () => {
  const { id } = await keyWith({})
  const { key } = await openAccount(world.url)
  const answer = await update(key, { id, label: 'x' })
  expectRefusal(answer, { code: 'NOT_FOUND' })
  for (const strange of strangeIds) expect(await update(key, { id: strange, label: 'x' })).toEqual(answer)
})

test.for([
  ['label', ''],
  ['label', 'nul\0'],
  ['label', '\ud800'],
  ['expiresAt', 'soon'],
  ['expiresAt', '2026-11-23T06:21:00'],
  ['maxUses', 0],
  ['maxUses', 2147483648],
  ['overusePolicy', 'IGNORE'],
] as const)('the %s %j is refused, and changes nothing', async ([name, value]) => {
  const { key, id } = await keyWith({ label: 'a' })
  expectBadInput(await update(key, { id, label: 'changed', [name]: value }), `input.${name}`)
  expect(await updated(key, { id })).toMatchObject({ label: 'a' })
})

test('wrong notices are refused', async () => {
  const { key, id } = await keyWith({})
  expectBadInput(await update(key, { id, expiryNotices: [0] }), 'input.expiryNotices.0')
  expectBadInput(
    await update(key, { id, expiryNotices: Array.from({ length: 11 }, (_, n) => n + 1) }),
    'input.expiryNotices',
  )
})

test('a term that would end before it begins is refused, and nothing of the change happens', async () => {
  const { key, id } = await keyWith({ notBefore: secondsAhead(60), label: 'a' })
  expectBadInput(
    await update(key, { id, label: 'b', maxUses: 1, expiresAt: secondsAhead(30) }),
    'input.expiresAt',
  )
  expect(await updated(key, { id })).toMatchObject({ label: 'a', maxUses: null, expiresAt: null })
})

test('a change takes a signature by a registered key', async () => {
  await expectSignedOnly(world.url, { query, variables: { input: { id: (await createRawKey()).id } } })
})
