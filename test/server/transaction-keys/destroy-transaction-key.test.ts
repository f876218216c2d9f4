import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { acquire, call, openAccount, storeInput, storeKey, storeMutation } from '../../support/raw-client.ts'
import {
  alertsOf,
  expectRefusal,
  expectSignedOnly,
  pick,
  strangeIds,
  succeed,
  useWorld,
} from '../../support/operations.ts'

const world = useWorld()
const query = `mutation ($id: ID!) { destroyTransactionKey(id: $id) {
  id label publicKey state revocationReason wrappedFor { id } } }`

test('a destroyed key is revoked, is wrapped for no management key, and its description stays', async () => {
  const { key } = await openAccount(world.url)
  const { id, publicKey } = await storeKey(world.url, key, { label: 'old' })
  expect(pick(await succeed(world.url, key, { query, variables: { id } }), 'destroyTransactionKey')).toEqual({
    id,
    label: 'old',
    publicKey,
    state: 'REVOKED',
    revocationReason: 'UNSPECIFIED',
    wrappedFor: [],
  })
  expectRefusal(await acquire(world.url, key, { id }), { code: 'KEY_REVOKED' })
})

test('the wrapped keys of a destroyed key are gone from the table, and those of other keys are not', async () => {
  const { key } = await openAccount(world.url)
  const [{ id }, other] = [await storeKey(world.url, key), await storeKey(world.url, key)]
  const wrappedKeys = (keyId: string) =>
    world.sql`SELECT 1 FROM wrapped_keys WHERE transaction_key_id = ${keyId}`
  expect(await wrappedKeys(id)).toHaveLength(1)
  await succeed(world.url, key, { query, variables: { id } })
  expect(await wrappedKeys(id)).toHaveLength(0)
  expect(await wrappedKeys(other.id)).toHaveLength(1)
})

test('a repeated request changes nothing, and the owner is alerted once', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key)
  const first = await succeed(world.url, key, { query, variables: { id } })
  expect(await succeed(world.url, key, { query, variables: { id } })).toEqual(first)
  expect(await alertsOf(world.url, key, ['KEY_REVOKED'])).toHaveLength(1)
})

test('a revoked key can be destroyed, and keeps its reason', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key)
  await succeed(world.url, key, {
    query: `mutation { revokeTransactionKey(id: "${id}", reason: COMPROMISED) { id } }`,
  })
  const data = await succeed(world.url, key, { query, variables: { id } })
  expect(data).toMatchObject({ destroyTransactionKey: { revocationReason: 'COMPROMISED', wrappedFor: [] } })
  expect(await alertsOf(world.url, key, ['KEY_REVOKED'])).toHaveLength(1)
})

test('storing a destroyed key again brings no wrapped key back', async () => {
  const { key } = await openAccount(world.url)
  const input = await storeInput(key)
  const store = { query: storeMutation, variables: { input } }
  await succeed(world.url, key, store)
  await succeed(world.url, key, { query, variables: { id: input.id } })
  expect(await succeed(world.url, key, store)).toMatchObject({
    storeTransactionKey: { state: 'REVOKED', wrappedFor: [] },
  })
})

test("another account's key, an unknown one and what is no id are one and the same answer", async () => {
  const [{ key }, { key: other }] = await Promise.all([openAccount(world.url), openAccount(world.url)])
  const { id } = await storeKey(world.url, other)
  const answer = await call(world.url, key, { query, variables: { id } })
  expectRefusal(answer, { code: 'NOT_FOUND' })
  for (const strange of strangeIds) {
    expect(await call(world.url, key, { query, variables: { id: strange } })).toEqual(answer)
  }
  expect((await acquire(world.url, other, { id })).errors).toEqual([])
})

test('destroying takes a signature by a registered key', async () => {
  await expectSignedOnly(world.url, { query, variables: { id: randomUUID() } })
})
