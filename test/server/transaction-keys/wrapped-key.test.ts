import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { settleClock } from '../../support/clock.ts'
import {
  acquire,
  call,
  createRawKey,
  openAccount,
  storeKey,
  wrap,
  wrappedKeyQuery,
  type RawKey,
} from '../../support/raw-client.ts'
import {
  expectBadInput,
  expectRefusal,
  expectSignedOnly,
  secondsAhead,
  strangeIds,
  succeed,
  useWorld,
} from '../../support/operations.ts'

const world = useWorld()

async function counts(key: RawKey, id: string): Promise<unknown> {
  const { data } = await call(world.url, key, {
    query: `{ transactionKey(id: "${id}") { useCount refusedCount lastUsedAt } }`,
  })
  return data?.['transactionKey']
}

test('the JWE that was stored for the signing management key is returned, character for character', async () => {
  const { key } = await openAccount(world.url)
  const jwe = await wrap(key)
  const { id } = await storeKey(world.url, key, { wrappedKeys: [{ managementKeyId: key.id, jwe }] })
  const data = await succeed(world.url, key, {
    query: `{ wrappedKey(transactionKeyId: "${id}", purpose: USE) { jwe managementKey { id } transactionKey { id useCount } } }`,
  })
  expect(data).toEqual({
    wrappedKey: { jwe, managementKey: { id: key.id }, transactionKey: { id, useCount: 1 } },
  })
})

test('each acquisition is counted', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key)
  for (let uses = 0; uses < 3; uses++) expect((await acquire(world.url, key, { id })).errors).toEqual([])
  expect(await counts(key, id)).toEqual({ useCount: 3, refusedCount: 0, lastUsedAt: expect.any(String) })
})

test('an expired key is still returned to its owner, and counted', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key, { expiresAt: secondsAhead(-60) })
  expect((await acquire(world.url, key, { id })).errors).toEqual([])
  expect(await counts(key, id)).toMatchObject({ useCount: 1 })
})

test('a key whose term has not begun is refused, and neither counted as a use nor as a refusal', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key, { notBefore: secondsAhead(60) })
  expectRefusal(await acquire(world.url, key, { id }), { code: 'KEY_NOT_YET_VALID' })
  expect(await counts(key, id)).toEqual({ useCount: 0, refusedCount: 0, lastUsedAt: null })
})

test('under NOTIFY a use beyond the limit is served and counted', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key, { maxUses: 1 })
  for (let uses = 0; uses < 2; uses++) expect((await acquire(world.url, key, { id })).errors).toEqual([])
  expect(await counts(key, id)).toMatchObject({ useCount: 2, refusedCount: 0 })
})

test('under REFUSE a use beyond the limit is refused and counted as a refusal', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key, { maxUses: 1, overusePolicy: 'REFUSE' })
  expect((await acquire(world.url, key, { id })).errors).toEqual([])
  expectRefusal(await acquire(world.url, key, { id }), { code: 'KEY_OVERUSED' })
  expect(await counts(key, id)).toMatchObject({ useCount: 1, refusedCount: 1 })
})

test('an acquisition that is repeated with its id returns the key again and counts once', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key)
  const acquisitionId = randomUUID()
  const first = await acquire(world.url, key, { id, acquisitionId })
  expect((await acquire(world.url, key, { id, acquisitionId })).data).toEqual(first.data)
  expect((await acquire(world.url, key, { id, acquisitionId: acquisitionId.toUpperCase() })).data).toEqual(
    first.data,
  )
  expect(await counts(key, id)).toMatchObject({ useCount: 1 })
  await acquire(world.url, key, { id, acquisitionId: randomUUID() })
  expect(await counts(key, id)).toMatchObject({ useCount: 2 })
})

test('20 parallel repeated requests all return the key, and count once', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key, { maxUses: 1, overusePolicy: 'REFUSE' })
  const acquisitionId = randomUUID()
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => acquire(world.url, key, { id, acquisitionId })),
  )
  expect(answers.flatMap(({ errors }) => errors)).toEqual([])
  expect(await counts(key, id)).toMatchObject({ useCount: 1, refusedCount: 0 })
})

test('the last use can be repeated with its id although the limit is reached', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key, { maxUses: 1, overusePolicy: 'REFUSE' })
  const acquisitionId = randomUUID()
  await acquire(world.url, key, { id, acquisitionId })
  expect((await acquire(world.url, key, { id, acquisitionId })).errors).toEqual([])
  expectRefusal(await acquire(world.url, key, { id, acquisitionId: randomUUID() }), { code: 'KEY_OVERUSED' })
})

test('a refused acquisition is not granted when it is repeated', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key, { maxUses: 1, overusePolicy: 'REFUSE' })
  await acquire(world.url, key, { id })
  const acquisitionId = randomUUID()
  for (let attempts = 0; attempts < 3; attempts++) {
    expectRefusal(await acquire(world.url, key, { id, acquisitionId }), { code: 'KEY_OVERUSED' })
  }
  expect(await counts(key, id)).toMatchObject({ useCount: 1 })
})

test('an acquisition id counts once for 24 hours, and again after them', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key)
  const acquisitionId = randomUUID()
  const age = (minutes: number) =>
    world.sql`UPDATE acquisitions SET acquired_at = now() - make_interval(mins => ${minutes}) WHERE acquisition_id = ${acquisitionId}`
  await acquire(world.url, key, { id, acquisitionId })
  await age(24 * 60 - 1)
  await acquire(world.url, key, { id, acquisitionId })
  expect(await counts(key, id)).toMatchObject({ useCount: 1 })
  await age(24 * 60 + 1)
  await settleClock(world.sql)
  await acquire(world.url, key, { id, acquisitionId })
  await acquire(world.url, key, { id, acquisitionId })
  expect(await counts(key, id)).toMatchObject({ useCount: 2 })
})

test('an acquisition id is of one management key and one key: elsewhere it is another', async () => {
  const [{ key }, { key: other }] = await Promise.all([openAccount(world.url), openAccount(world.url)])
  const [a, b, c] = [
    await storeKey(world.url, key),
    await storeKey(world.url, key),
    await storeKey(world.url, other),
  ]
  const acquisitionId = randomUUID()
  for (const [signer, id] of [
    [key, a.id],
    [key, b.id],
    [other, c.id],
  ] as const) {
    await acquire(world.url, signer, { id, acquisitionId })
    expect(await counts(signer, id)).toMatchObject({ useCount: 1 })
  }
})

test('a revoked key is refused to a repeated request as well', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key)
  const acquisitionId = randomUUID()
  await acquire(world.url, key, { id, acquisitionId })
  await succeed(world.url, key, { query: `mutation { revokeTransactionKey(id: "${id}") { id } }` })
  expectRefusal(await acquire(world.url, key, { id, acquisitionId }), { code: 'KEY_REVOKED' })
})

test("another account's key, an unknown one, a malformed id, and a key that is not wrapped for the signer get the same answer", async () => {
  const [{ key }, { key: other }] = await Promise.all([openAccount(world.url), openAccount(world.url)])
  const theirs = await storeKey(world.url, other)
  const mine = await storeKey(world.url, key)
  await world.sql`DELETE FROM wrapped_keys WHERE transaction_key_id = ${mine.id}`
  const answer = await acquire(world.url, key, { id: theirs.id })
  expectRefusal(answer, { code: 'NOT_FOUND' })
  for (const id of [mine.id, ...strangeIds]) expect(await acquire(world.url, key, { id })).toEqual(answer)
  expect(await counts(other, theirs.id)).toMatchObject({ useCount: 0, refusedCount: 0 })
  expect(await counts(key, mine.id)).toMatchObject({ useCount: 0, refusedCount: 0 })
})

test.for(['', 'no-uuid', '\0'])(
  'the acquisition id %j is refused, and nothing is counted',
  async (acquisitionId) => {
    const { key } = await openAccount(world.url)
    const { id } = await storeKey(world.url, key)
    expectBadInput(await acquire(world.url, key, { id, acquisitionId }), 'acquisitionId')
    expect(await counts(key, id)).toMatchObject({ useCount: 0 })
  },
)

test('a count at the end of its range stays there', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key)
  await world.sql`UPDATE transaction_key_usage SET use_count = 2147483647 WHERE transaction_key_id = ${id}`
  expect((await acquire(world.url, key, { id })).errors).toEqual([])
  expect(await counts(key, id)).toMatchObject({ useCount: 2147483647 })
})

test('an acquisition takes a signature by a registered key', async () => {
  await expectSignedOnly(world.url, { query: wrappedKeyQuery, variables: { id: (await createRawKey()).id } })
})
