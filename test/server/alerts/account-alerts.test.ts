import { expect, test } from 'vitest'
import { encodeCursor } from '../../../schema/wire/cursor.ts'
import { call, openAccount, storeKey, type RawKey } from '../../support/raw-client.ts'
import { expectBadInput, pickEach, succeed, useWorld } from '../../support/operations.ts'

const world = useWorld()
const query = `query ($first: Int, $after: String, $last: Int, $before: String, $unacknowledgedOnly: Boolean) {
  account { alerts(first: $first, after: $after, last: $last, before: $before, unacknowledgedOnly: $unacknowledgedOnly) {
    edges { cursor node { id kind cursor occurredAt acknowledgedAt ... on KeyRevokedAlert { transactionKey { id } } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } unacknowledgedCount } } }`

async function page(key: RawKey, variables: Record<string, unknown> = {}) {
  const answer = await call(world.url, key, { query, variables })
  expect(answer.errors).toEqual([])
  const { edges, pageInfo, unacknowledgedCount } = answer.data?.['account'].alerts ?? {}
  const keyIds: string[] = edges.map(
    (edge: { node: { transactionKey: { id: string } } }) => edge.node.transactionKey.id,
  )
  const cursors: string[] = edges.map((edge: { cursor: string }) => edge.cursor)
  return { edges, keyIds, cursors, pageInfo, unacknowledgedCount }
}

/** An account with some alerts, and the ids of the keys they are about, oldest first. */
async function accountWithAlerts(count: number) {
  const { key } = await openAccount(world.url)
  const ids: string[] = []
  for (let raised = 0; raised < count; raised++) {
    const { id } = await storeKey(world.url, key, { publicKey: null })
    await succeed(world.url, key, { query: `mutation { revokeTransactionKey(id: "${id}") { id } }` })
    ids.push(id)
  }
  return { key, ids }
}

function acknowledge(key: RawKey, upTo: string) {
  return succeed(world.url, key, {
    query: 'mutation ($upTo: String!) { acknowledgeAlerts(upTo: $upTo) }',
    variables: { upTo },
  })
}

test('an account without alerts has an empty page', async () => {
  const { key } = await openAccount(world.url)
  expect(await page(key)).toMatchObject({
    edges: [],
    unacknowledgedCount: 0,
    pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
  })
})

test('alerts are listed oldest first, each with an id and a cursor of its own', async () => {
  const { key, ids } = await accountWithAlerts(3)
  const { keyIds, edges, cursors, unacknowledgedCount } = await page(key)
  expect(keyIds).toEqual(ids)
  expect(unacknowledgedCount).toBe(3)
  expect(new Set(cursors).size).toBe(3)
  expect(new Set(pickEach(edges, 'node', 'id')).size).toBe(3)
  for (const { cursor, node } of edges)
    expect(node).toMatchObject({ cursor, kind: 'KEY_REVOKED', acknowledgedAt: null })
})

test('first and after page forwards', async () => {
  const { key, ids } = await accountWithAlerts(5)
  const one = await page(key, { first: 2 })
  expect(one).toMatchObject({
    keyIds: ids.slice(0, 2),
    pageInfo: { hasNextPage: true, hasPreviousPage: false },
  })
  const two = await page(key, { first: 2, after: one.pageInfo.endCursor })
  expect(two).toMatchObject({
    keyIds: ids.slice(2, 4),
    pageInfo: { hasNextPage: true, hasPreviousPage: true },
  })
  const three = await page(key, { first: 2, after: two.pageInfo.endCursor })
  expect(three).toMatchObject({ keyIds: ids.slice(4), pageInfo: { hasNextPage: false } })
  expect(await page(key, { after: three.pageInfo.endCursor })).toMatchObject({
    keyIds: [],
    pageInfo: { hasNextPage: false },
  })
})

test('last and before page backwards from the newest, still oldest first', async () => {
  const { key, ids } = await accountWithAlerts(5)
  const one = await page(key, { last: 2 })
  expect(one).toMatchObject({ keyIds: ids.slice(3), pageInfo: { hasPreviousPage: true, hasNextPage: false } })
  const two = await page(key, { last: 2, before: one.pageInfo.startCursor })
  expect(two).toMatchObject({
    keyIds: ids.slice(1, 3),
    pageInfo: { hasPreviousPage: true, hasNextPage: true },
  })
  const three = await page(key, { last: 2, before: two.pageInfo.startCursor })
  expect(three).toMatchObject({ keyIds: ids.slice(0, 1), pageInfo: { hasPreviousPage: false } })
})

test('after and before together are a range', async () => {
  const { key, ids } = await accountWithAlerts(4)
  const { cursors } = await page(key)
  expect((await page(key, { after: cursors[0], before: cursors[3] })).keyIds).toEqual(ids.slice(1, 3))
  expect((await page(key, { last: 1, after: cursors[0], before: cursors[3] })).keyIds).toEqual(
    ids.slice(2, 3),
  )
})

test('acknowledged alerts stay listed, and are left out when only the others are asked for', async () => {
  const { key, ids } = await accountWithAlerts(3)
  const { cursors } = await page(key)
  await acknowledge(key, cursors[1] ?? '')
  const all = await page(key)
  expect(all).toMatchObject({ keyIds: ids, unacknowledgedCount: 1 })
  expect(all.edges[0].node.acknowledgedAt).toBeTypeOf('string')
  expect(await page(key, { unacknowledgedOnly: true })).toMatchObject({
    keyIds: ids.slice(2),
    unacknowledgedCount: 1,
  })
})

test.for([
  ['first', -1],
  ['first', 101],
  ['last', -1],
  ['last', 101],
] as const)('a page with %s %d is refused', async ([name, value]) => {
  const { key } = await openAccount(world.url)
  expectBadInput(await call(world.url, key, { query, variables: { [name]: value } }), name)
})

test('a page of 0 is empty, one of 100 is served, and first with last is refused', async () => {
  const { key, ids } = await accountWithAlerts(1)
  expect(await page(key, { first: 0 })).toMatchObject({ keyIds: [], pageInfo: { hasNextPage: true } })
  expect(await page(key, { last: 0 })).toMatchObject({ keyIds: [], pageInfo: { hasPreviousPage: true } })
  expect((await page(key, { first: 100 })).keyIds).toEqual(ids)
  expectBadInput(await call(world.url, key, { query, variables: { first: 1, last: 1 } }), 'last')
})

test("another account's alerts are not listed, and its cursors show none of them", async () => {
  const [mine, theirs] = [await accountWithAlerts(1), await accountWithAlerts(3)]
  const { cursors } = await page(theirs.key)
  expect((await page(mine.key)).keyIds).toEqual(mine.ids)
  expect((await page(mine.key, { before: cursors[2] })).keyIds).toEqual(mine.ids)
})

test.for([
  '',
  'no cursor',
  encodeCursor('key', '1'),
  encodeCursor('alert', ''),
  encodeCursor('alert', '-1'),
  encodeCursor('alert', '1@'),
  encodeCursor('alert', '@1795414860000'),
  encodeCursor('alert', '0@1795414860000'),
  encodeCursor('alert', '01@1795414860000'),
  encodeCursor('alert', '1.5@1795414860000'),
  encodeCursor('alert', '1e3@1795414860000'),
  encodeCursor('alert', '1@-1'),
  encodeCursor('alert', '1@01'),
  encodeCursor('alert', '1@1e3'),
  encodeCursor('alert', `1@${'9'.repeat(14)}`),
  encodeCursor('alert', `${'9'.repeat(16)}@1795414860000`),
  encodeCursor('alert', '9'.repeat(100)),
  `${encodeCursor('alert', '0')}=`,
])('the cursor %j is refused', async (cursor) => {
  const { key } = await openAccount(world.url)
  expectBadInput(await call(world.url, key, { query, variables: { after: cursor } }), 'after')
  expectBadInput(await call(world.url, key, { query, variables: { last: 1, before: cursor } }), 'before')
})

test('a cursor of the form before, without a time, is read on from where it stands', async () => {
  const { key, ids } = await accountWithAlerts(3)
  const old = (position: number) => encodeCursor('alert', String(position))
  expect((await page(key, { after: old(1) })).keyIds).toEqual(ids.slice(1))
  expect((await page(key, { last: 1, before: old(2) })).keyIds).toEqual(ids.slice(0, 1))
  const { errors } = await call(world.url, key, { query, variables: { after: old(7) } })
  expect(errors[0]?.extensions).toMatchObject({ code: 'CURSOR_EXPIRED' })
})
