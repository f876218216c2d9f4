import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { call, openAccount, storeKey } from '../../support/raw-client.ts'
import { expectSignedOnly, secondsAhead, strangeIds, succeed, useWorld } from '../../support/operations.ts'

const world = useWorld()
const query = `query ($id: ID!) { transactionKey(id: $id) { id applicationServer label publicKey state useCount
  lastUsedAt wrappedFor { id label } } }`

test('a key is described to its owner', async () => {
  const { key } = await openAccount(world.url)
  const { id, publicKey } = await storeKey(world.url, key, { label: 'shop' })
  expect(await succeed(world.url, key, { query, variables: { id } })).toEqual({
    transactionKey: {
      id,
      applicationServer: 'https://shop.example',
      label: 'shop',
      publicKey,
      state: 'ACTIVE',
      useCount: 0,
      lastUsedAt: null,
      wrappedFor: [{ id: key.id, label: 'test' }],
    },
  })
})

test('reading the description is not a use', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key, { maxUses: 1, overusePolicy: 'REFUSE' })
  for (let reads = 0; reads < 3; reads++) await succeed(world.url, key, { query, variables: { id } })
  expect(await succeed(world.url, key, { query, variables: { id } })).toMatchObject({
    transactionKey: { useCount: 0, lastUsedAt: null },
  })
})

test('a key is found by its id in upper case as well', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key)
  const variables = { id: id.toUpperCase() }
  expect(await succeed(world.url, key, { query, variables })).toMatchObject({ transactionKey: { id } })
})

test("an unknown id, what is no id, and another account's key are one and the same answer", async () => {
  const [{ key }, { key: other }] = await Promise.all([openAccount(world.url), openAccount(world.url)])
  const theirs = await storeKey(world.url, other)
  const unknown = await call(world.url, key, { query, variables: { id: randomUUID() } })
  expect(unknown).toMatchObject({ status: 200, data: { transactionKey: null }, errors: [] })
  for (const id of [theirs.id, ...strangeIds]) {
    expect(await call(world.url, key, { query, variables: { id } })).toEqual(unknown)
  }
})

test('a key is described to a signature by a registered key only', async () => {
  await expectSignedOnly(world.url, { query, variables: { id: randomUUID() } })
})

test("a key's state is that of the moment of reading", async () => {
  const { key } = await openAccount(world.url)
  const term = { notBefore: secondsAhead(1), expiresAt: secondsAhead(2) }
  const { id } = await storeKey(world.url, key, term)
  const state = async (at: Date) => {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, at.getTime() - Date.now())))
    const { data } = await call(world.url, key, { query, variables: { id } })
    return String(data?.['transactionKey'].state)
  }
  expect(await state(secondsAhead(0))).toBe('PENDING')
  expect(await state(new Date(term.notBefore.getTime() + 50))).toBe('ACTIVE')
  expect(await state(new Date(term.expiresAt.getTime() + 50))).toBe('EXPIRED')
})
