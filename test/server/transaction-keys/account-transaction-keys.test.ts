import { expect, test } from 'vitest'
import { encodeCursor } from '../../../schema/wire/cursor.ts'
import { call, openAccount, storeKey, type RawKey } from '../../support/raw-client.ts'
import { expectBadInput, secondsAhead, useWorld } from '../../support/operations.ts'

const world = useWorld()

const pageQuery = `query ($first: Int, $after: String, $applicationServer: String, $state: TransactionKeyState) {
  account { transactionKeys(first: $first, after: $after, applicationServer: $applicationServer, state: $state) {
    edges { cursor node { id state } } totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`

async function page(key: RawKey, variables: Record<string, unknown> = {}) {
  const answer = await call(world.url, key, { query: pageQuery, variables })
  expect(answer.errors).toEqual([])
  const { edges, pageInfo, totalCount } = answer.data?.['account'].transactionKeys ?? {}
  const ids: string[] = edges.map(({ node }: { node: { id: string } }) => node.id)
  return { ids, edges, pageInfo, totalCount }
}

function refused(key: RawKey, variables: Record<string, unknown>) {
  return call(world.url, key, { query: pageQuery, variables })
}

/** An account with some keys, and their ids newest first. */
async function accountWithKeys(count: number, changes: Record<string, unknown> = {}) {
  const { key } = await openAccount(world.url)
  const ids: string[] = []
  for (let stored = 0; stored < count; stored++) ids.unshift((await storeKey(world.url, key, changes)).id)
  return { key, ids }
}

test('an account without keys has an empty page', async () => {
  const { key } = await openAccount(world.url)
  expect(await page(key)).toMatchObject({
    edges: [],
    totalCount: 0,
    pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
  })
})

test('keys are listed newest first', async () => {
  const { key, ids } = await accountWithKeys(3)
  expect((await page(key)).ids).toEqual(ids)
})

test('pages follow each other without gaps or duplicates, also while keys are stored', async () => {
  const { key, ids } = await accountWithKeys(7)
  const seen: string[] = []
  let after: string | null = null
  for (let pages = 0; pages < 4; pages++) {
    const { ids: found, pageInfo, edges } = await page(key, { first: 2, after })
    seen.push(...found)
    expect(pageInfo).toEqual({
      hasNextPage: pages < 3,
      hasPreviousPage: pages > 0,
      startCursor: edges[0].cursor,
      endCursor: edges.at(-1).cursor,
    })
    after = pageInfo.endCursor
    await storeKey(world.url, key)
  }
  expect(seen).toEqual(ids)
})

test('keys that were stored in the same millisecond are paged without gaps or duplicates', async () => {
  const { key, ids } = await accountWithKeys(5)
  await world.sql`UPDATE transaction_keys SET created_at = '2026-11-23T06:21:00.123Z' WHERE id = ANY (${ids})`
  const seen: string[] = []
  let after: string | null = null
  for (let pages = 0; pages < 3; pages++) {
    const { ids: found, pageInfo } = await page(key, { first: 2, after })
    seen.push(...found)
    after = pageInfo.endCursor
  }
  expect(seen.toSorted()).toEqual(ids.toSorted())
})

test('a page has 20 keys by default, and 0 to 100 on request, and totalCount counts all', async () => {
  const { key, ids } = await accountWithKeys(22)
  expect(await page(key)).toMatchObject({
    ids: ids.slice(0, 20),
    totalCount: 22,
    pageInfo: { hasNextPage: true },
  })
  expect(await page(key, { first: 100 })).toMatchObject({ ids, pageInfo: { hasNextPage: false } })
  expect(await page(key, { first: 22 })).toMatchObject({ ids, pageInfo: { hasNextPage: false } })
  expect(await page(key, { first: 0 })).toMatchObject({
    ids: [],
    totalCount: 22,
    pageInfo: { hasNextPage: true },
  })
})

test.for([-1, 101, 2147483647])('a page of %d keys is refused', async (first) => {
  const { key } = await openAccount(world.url)
  expectBadInput(await refused(key, { first }), 'first')
})

test('keys are found by application server', async () => {
  const { key } = await openAccount(world.url)
  const a = await storeKey(world.url, key, { applicationServer: 'https://a.example' })
  await storeKey(world.url, key, { applicationServer: 'https://b.example' })
  expect(await page(key, { applicationServer: 'https://a.example' })).toMatchObject({
    ids: [a.id],
    totalCount: 1,
  })
})

test.for(['https://none.example', '', '\0', 'half\ud83d', 'x'.repeat(1000), '%', "' OR true --"])(
  'an application server %j that no key is for has an empty page',
  async (applicationServer) => {
    const { key } = await accountWithKeys(1)
    expect(await page(key, { applicationServer })).toMatchObject({ ids: [], totalCount: 0 })
  },
)

test('keys are found by their state at the moment of asking', async () => {
  const { key } = await openAccount(world.url)
  const active = await storeKey(world.url, key)
  const pending = await storeKey(world.url, key, { notBefore: secondsAhead(60) })
  const expired = await storeKey(world.url, key, { expiresAt: secondsAhead(-60) })
  const revoked = await storeKey(world.url, key)
  await call(world.url, key, { query: `mutation { revokeTransactionKey(id: "${revoked.id}") { id } }` })
  const expected = { ACTIVE: active, PENDING: pending, EXPIRED: expired, REVOKED: revoked }
  for (const [state, { id }] of Object.entries(expected)) {
    expect(await page(key, { state }), state).toMatchObject({ ids: [id], totalCount: 1 })
  }
})

test("another account's keys are neither listed nor counted", async () => {
  await accountWithKeys(2)
  const { key, ids } = await accountWithKeys(1)
  expect(await page(key)).toMatchObject({ ids, totalCount: 1 })
})

test("another account's cursor is a position in time and shows none of its keys", async () => {
  const other = await accountWithKeys(2)
  const mine = await accountWithKeys(1)
  const { pageInfo } = await page(other.key, { first: 1 })
  const { ids } = await page(mine.key, { after: pageInfo.endCursor })
  expect(ids.every((id) => mine.ids.includes(id))).toBe(true)
})

test.for([
  '',
  'no cursor',
  'AAAA',
  encodeCursor('alert', '1'),
  encodeCursor('key', ''),
  encodeCursor('key', '2026-11-23T06:21:00.000Z'),
  encodeCursor('key', '2026-11-23T06:21:00.000Z/no-uuid'),
  encodeCursor('key', 'yesterday/00000000-0000-4000-8000-000000000000'),
  encodeCursor('key', '0000-01-01T00:00:00.000Z/00000000-0000-4000-8000-000000000000'),
  encodeCursor('key', '2026-02-30T00:00:00.000Z/00000000-0000-4000-8000-000000000000'),
  encodeCursor('key', '2026-11-23T06:21:00.000Z/00000000-0000-4000-8000-000000000000/more'),
  encodeCursor('key', '\0/00000000-0000-4000-8000-000000000000'),
  `${encodeCursor('key', '2026-11-23T06:21:00.000Z/00000000-0000-4000-8000-000000000000')}=`,
  'A'.repeat(5000),
])('the cursor %s is refused', async (after) => {
  const { key } = await openAccount(world.url)
  expectBadInput(await refused(key, { after }), 'after')
})
