import { describe, expect, test } from 'vitest'
import { transactionKeySorts, type TransactionKeySort } from '../../../schema/wire/enums.ts'
import { expectBadInput, secondsAhead, useWorld } from '../../support/operations.ts'
import { call, openAccount, storeKey, type RawKey } from '../../support/raw-client.ts'

const world = useWorld()

const pageQuery = `query ($first: Int, $after: String, $search: String, $sort: TransactionKeySort, $state: TransactionKeyState) {
  account { transactionKeys(first: $first, after: $after, search: $search, sort: $sort, state: $state) {
    edges { node { id } } totalCount pageInfo { hasNextPage endCursor } } } }`

function ask(key: RawKey, variables: Record<string, unknown>) {
  return call(world.url, key, { query: pageQuery, variables })
}

async function page(key: RawKey, variables: Record<string, unknown>) {
  const answer = await ask(key, variables)
  expect(answer.errors).toEqual([])
  const { edges, pageInfo, totalCount } = answer.data?.['account'].transactionKeys ?? {}
  const ids: string[] = edges.map(({ node }: { node: { id: string } }) => node.id)
  return { ids, pageInfo, totalCount }
}

/** All keys in pages of two. */
async function allOf(key: RawKey, sort: TransactionKeySort): Promise<string[]> {
  const seen: string[] = []
  for (let after: string | null = null; ;) {
    const { ids, pageInfo } = await page(key, { first: 2, after, sort })
    seen.push(...ids)
    if (pageInfo.hasNextPage !== true) return seen
    after = pageInfo.endCursor
  }
}

describe('a search', () => {
  test('finds a part of the name or of the label in whatever case, and counts what it finds', async () => {
    const { key } = await openAccount(world.url)
    const shop = await storeKey(world.url, key, { applicationServer: 'https://shop.example' })
    const bank = await storeKey(world.url, key, {
      applicationServer: 'https://bank.example',
      label: 'My SHOPPING account',
    })
    await storeKey(world.url, key, { applicationServer: 'https://other.example', label: 'Other' })
    expect(await page(key, { search: 'Shop' })).toMatchObject({ ids: [bank.id, shop.id], totalCount: 2 })
    expect(await page(key, { search: 'BANK.' })).toMatchObject({ ids: [bank.id], totalCount: 1 })
    expect(await page(key, { search: '' })).toMatchObject({ totalCount: 3 })
  })

  test('is within the other filters', async () => {
    const { key } = await openAccount(world.url)
    const active = await storeKey(world.url, key, { applicationServer: 'https://a.shop.example' })
    await storeKey(world.url, key, {
      applicationServer: 'https://b.shop.example',
      expiresAt: secondsAhead(-60),
    })
    expect(await page(key, { search: 'shop', state: 'ACTIVE' })).toMatchObject({
      ids: [active.id],
      totalCount: 1,
    })
  })

  test.for(['%', '_', '\\', "' OR true --", '\0', 'half\ud83d'])('takes %j for itself', async (search) => {
    const { key } = await openAccount(world.url)
    await storeKey(world.url, key, { label: 'Shop' })
    expect(await page(key, { search })).toMatchObject({ ids: [], totalCount: 0 })
  })

  test('for more than any name has is refused', async () => {
    const { key } = await openAccount(world.url)
    expectBadInput(await ask(key, { search: 'x'.repeat(256) }), 'search')
  })
})

describe('keys sorted', () => {
  test('by each order are paged without gap or repetition, those without the instant last', async () => {
    const { key } = await openAccount(world.url)
    const names = ['https://C.example', 'https://a.example', 'https://b.example', 'https://d.example']
    const stored = []
    for (const [index, applicationServer] of names.entries()) {
      const expiresAt = index === 2 ? null : secondsAhead(1000 - index)
      stored.push(await storeKey(world.url, key, { applicationServer, expiresAt }))
    }
    const ids = stored.map(({ id }) => id)
    const [c = '', a = '', b = '', d = ''] = ids
    for (const id of [a, b, b, a, a]) {
      await call(world.url, key, { query: `{ wrappedKey(transactionKeyId: "${id}") { jwe } }` })
    }
    const expected: Record<TransactionKeySort, string[]> = {
      NEWEST: [d, b, a, c],
      OLDEST: [c, a, b, d],
      EXPIRING_FIRST: [d, a, c, b],
      LAST_USED: [a, b],
      MOST_USED: [a, b],
      NAME: [a, b, c, d],
    }
    for (const sort of transactionKeySorts) {
      const found = await allOf(key, sort)
      expect(found.toSorted(), sort).toEqual(ids.toSorted())
      expect(found.slice(0, expected[sort].length), sort).toEqual(expected[sort])
    }
  })

  test('alike are told apart by their ids', async () => {
    const { key } = await openAccount(world.url)
    const ids: string[] = []
    for (let count = 0; count < 5; count++) ids.push((await storeKey(world.url, key)).id)
    await world.sql`UPDATE transaction_keys SET created_at = '2026-11-23T06:21:00.123Z' WHERE id = ANY (${ids})`
    for (const sort of transactionKeySorts) {
      expect((await allOf(key, sort)).toSorted(), sort).toEqual(ids.toSorted())
    }
  })

  test('one way take no cursor of another', async () => {
    const { key } = await openAccount(world.url)
    for (let count = 0; count < 2; count++) await storeKey(world.url, key)
    for (const sort of transactionKeySorts) {
      const { pageInfo } = await page(key, { first: 1, sort })
      for (const other of transactionKeySorts.filter((one) => one !== sort)) {
        expectBadInput(await ask(key, { first: 1, sort: other, after: pageInfo.endCursor }), 'after')
      }
    }
  })
})
