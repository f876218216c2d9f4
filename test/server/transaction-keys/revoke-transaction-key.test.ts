import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { acquire, call, openAccount, storeKey } from '../../support/raw-client.ts'
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
const query = `mutation ($id: ID!, $reason: RevocationReason) { revokeTransactionKey(id: $id, reason: $reason) {
  id state revokedAt revocationReason publicKey wrappedFor { id } } }`

test('a revoked key says when and why, and keeps its description', async () => {
  const { key } = await openAccount(world.url)
  const { id, publicKey } = await storeKey(world.url, key)
  const data = await succeed(world.url, key, { query, variables: { id, reason: 'COMPROMISED' } })
  expect(pick(data, 'revokeTransactionKey')).toEqual({
    id,
    state: 'REVOKED',
    revokedAt: expect.any(String),
    revocationReason: 'COMPROMISED',
    publicKey,
    wrappedFor: [{ id: key.id }],
  })
})

test('without a reason, and with null, it is UNSPECIFIED', async () => {
  const { key } = await openAccount(world.url)
  for (const variables of [{}, { reason: null }]) {
    const { id } = await storeKey(world.url, key)
    const data = await succeed(world.url, key, { query, variables: { id, ...variables } })
    expect(data).toMatchObject({ revokeTransactionKey: { revocationReason: 'UNSPECIFIED' } })
  }
})

test('a revoked key is no longer acquired, whatever its term', async () => {
  const { key } = await openAccount(world.url)
  for (const term of [{}, { expiresAt: secondsAhead(-60) }, { notBefore: secondsAhead(60) }]) {
    const { id } = await storeKey(world.url, key, term)
    await succeed(world.url, key, { query, variables: { id } })
    expectRefusal(await acquire(world.url, key, { id }), { code: 'KEY_REVOKED' })
  }
})

test('a repeated request changes nothing: the first time and the first reason stay, and the owner is alerted once', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key)
  const first = await succeed(world.url, key, { query, variables: { id, reason: 'SUPERSEDED' } })
  const again = { query, variables: { id, reason: 'COMPROMISED' } }
  const answers = await Promise.all([1, 2, 3].map(() => succeed(world.url, key, again)))
  expect(answers).toEqual([first, first, first])
  expect(await alertsOf(world.url, key, ['KEY_REVOKED'])).toEqual([
    { kind: 'KEY_REVOKED', transactionKey: { id }, reason: 'SUPERSEDED' },
  ])
})

test('a revoked key raises no alert about its term', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key, { expiresAt: secondsAhead(3600), expiryNotices: [60] })
  await succeed(world.url, key, { query, variables: { id } })
  expect(await world.sql`SELECT 1 FROM deadlines WHERE transaction_key_id = ${id}`).toHaveLength(0)
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

test('a reason that does not exist is refused', async () => {
  const { key } = await openAccount(world.url)
  expectBadInput(
    await call(world.url, key, { query, variables: { id: randomUUID(), reason: 'BORED' } }),
    'reason',
  )
})

test('revoking takes a signature by a registered key', async () => {
  await expectSignedOnly(world.url, { query, variables: { id: randomUUID() } })
})
