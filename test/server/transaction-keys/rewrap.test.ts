import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  expectBadInput,
  expectRefusal,
  expectSignedOnly,
  pick,
  secondsAhead,
  strangeIds,
  succeed,
  useWorld,
} from '../../support/operations.ts'
import { acquire, call, openAccount, storeKey, wrap, type RawKey } from '../../support/raw-client.ts'
import { addKey, trustAlerts } from '../../support/trust.ts'

const world = useWorld()
const query =
  'mutation ($input: [RewrapTransactionKeyInput!]!) { rewrapTransactionKeys(input: $input) { id wrappedFor { id } } }'

async function copiesFor(...keys: RawKey[]) {
  return Promise.all(keys.map(async (key) => ({ managementKeyId: key.id, jwe: await wrap(key) })))
}

function rewrap(key: RawKey, input: object[]) {
  return call(world.url, key, { query, variables: { input } })
}

describe('rewrapTransactionKeys', () => {
  test('adds and replaces wrapped keys, and answers in the order of the input', async () => {
    const account = await openAccount(world.url)
    const first = await storeKey(world.url, account.key)
    const second = await storeKey(world.url, account.key)
    const device = await addKey(world.url, account)
    const wrappedKeys = await copiesFor(account.key, device)
    const added = await copiesFor(device)
    const answer = await rewrap(account.key, [
      { transactionKeyId: second.id, wrappedKeys },
      { transactionKeyId: first.id, wrappedKeys: added },
    ])
    expect(answer.errors).toEqual([])
    const wrappedFor = expect.arrayContaining([{ id: account.key.id }, { id: device.id }])
    expect(answer.data?.['rewrapTransactionKeys']).toEqual([
      { id: second.id, wrappedFor },
      { id: first.id, wrappedFor },
    ])
    const jweOf = async (key: RawKey, id: string) =>
      pick((await acquire(world.url, key, { id })).data, 'wrappedKey', 'jwe')
    expect(await jweOf(account.key, second.id)).toBe(wrappedKeys[0]?.jwe)
    expect(await jweOf(device, second.id)).toBe(wrappedKeys[1]?.jwe)
    expect(await jweOf(device, first.id)).toBe(added[0]?.jwe)
    // A member that was not given stays.
    expect(await jweOf(account.key, first.id)).not.toBe(wrappedKeys[0]?.jwe)
  })

  test('takes a signature by a registered key', async () => {
    await expectSignedOnly(world.url, { query, variables: { input: [] } })
  })

  test('refuses what is too much, doubled, or wrapped for another key', async () => {
    const account = await openAccount(world.url)
    const { id } = await storeKey(world.url, account.key)
    const device = await addKey(world.url, account)
    const [own, foreign] = await copiesFor(account.key, device)
    const one = { transactionKeyId: id, wrappedKeys: [own] }
    expectBadInput(await rewrap(account.key, [{ ...one, wrappedKeys: [] }]), 'input.0.wrappedKeys')
    expectBadInput(
      await rewrap(account.key, [one, { ...one, transactionKeyId: id.toUpperCase() }]),
      'input.1',
    )
    expectBadInput(await rewrap(account.key, [{ ...one, wrappedKeys: [own, own] }]), 'input.0.wrappedKeys.1')
    const swapped = { managementKeyId: account.key.id, jwe: foreign?.jwe }
    expectBadInput(
      await rewrap(account.key, [{ ...one, wrappedKeys: [swapped] }]),
      'input.0.wrappedKeys.0.jwe',
    )
    const many = Array.from({ length: 101 }, () => ({ ...one, transactionKeyId: randomUUID() }))
    expectBadInput(await rewrap(account.key, many), 'input')
  })

  test('changes nothing when one key is unknown, revoked, or the wrapped key is for a foreign management key', async () => {
    const [account, otherAccount] = [await openAccount(world.url), await openAccount(world.url)]
    const [good, revoked] = [await storeKey(world.url, account.key), await storeKey(world.url, account.key)]
    const foreign = await storeKey(world.url, otherAccount.key)
    await succeed(world.url, account.key, {
      query: 'mutation ($id: ID!) { revokeTransactionKey(id: $id) { id } }',
      variables: { id: revoked.id },
    })
    const before = await acquire(world.url, account.key, { id: good.id })
    const wrappedKeys = await copiesFor(account.key)
    const one = { transactionKeyId: good.id, wrappedKeys }
    for (const transactionKeyId of [foreign.id, ...strangeIds]) {
      const answer = await rewrap(account.key, [one, { transactionKeyId, wrappedKeys }])
      expectRefusal(answer, { code: 'NOT_FOUND' })
    }
    expectRefusal(await rewrap(account.key, [one, { transactionKeyId: revoked.id, wrappedKeys }]), {
      code: 'KEY_REVOKED',
    })
    const forOtherAccount = { transactionKeyId: good.id, wrappedKeys: await copiesFor(otherAccount.key) }
    expectRefusal(await rewrap(account.key, [forOtherAccount]), { code: 'NOT_FOUND' })
    const after = await acquire(world.url, account.key, { id: good.id })
    expect(pick(after.data, 'wrappedKey', 'jwe')).toBe(pick(before.data, 'wrappedKey', 'jwe'))
  })

  test('many rewraps of the same keys in any order end without a deadlock', async () => {
    const account = await openAccount(world.url)
    const ids = await Promise.all(
      Array.from({ length: 5 }, async () => (await storeKey(world.url, account.key)).id),
    )
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const wrappedKeys = await copiesFor(account.key)
        const order = index % 2 ? ids : ids.toReversed()
        return rewrap(
          account.key,
          order.map((transactionKeyId) => ({ transactionKeyId, wrappedKeys })),
        )
      }),
    )
    expect(answers.flatMap(({ errors }) => errors)).toEqual([])
  })
})

describe.each([
  ['REWRAP', 'KEYS_REWRAPPED'],
  ['EXPORT', 'KEYS_EXPORTED'],
])('an acquisition for %s', (purpose, kind) => {
  const acquireQuery = `query ($ids: [ID!]!, $purpose: AcquisitionPurpose, $acquisitionId: ID) {
    wrappedKeys(transactionKeyIds: $ids, purpose: $purpose, acquisitionId: $acquisitionId) {
      jwe transactionKey { useCount refusedCount lastUsedAt } } }`

  function acquireAll(key: RawKey, ids: string[], options: object = {}) {
    return call(world.url, key, { query: acquireQuery, variables: { ids, purpose, ...options } })
  }

  test('is no use, and raises one alert for a request', async () => {
    const { key } = await openAccount(world.url)
    const ids = [await storeKey(world.url, key), await storeKey(world.url, key)].map(({ id }) => id)
    const answer = await acquireAll(key, ids)
    const unused = { useCount: 0, refusedCount: 0, lastUsedAt: null }
    expect(answer.data?.['wrappedKeys']).toEqual(
      ids.map(() => ({ jwe: expect.any(String), transactionKey: unused })),
    )
    await acquireAll(key, ids.slice(1))
    expect(await trustAlerts(world.url, key)).toEqual(
      [2, 1].map((keyCount) => ({ kind, managementKey: { id: key.id }, keyCount })),
    )
  })

  test('is granted beyond the limit, before the term and after it', async () => {
    const { key } = await openAccount(world.url)
    const used = await storeKey(world.url, key, { maxUses: 1, overusePolicy: 'REFUSE' })
    await acquire(world.url, key, { id: used.id })
    expectRefusal(await acquire(world.url, key, { id: used.id }), { code: 'KEY_OVERUSED' })
    const pending = await storeKey(world.url, key, { notBefore: secondsAhead(1000).toISOString() })
    expectRefusal(await acquire(world.url, key, { id: pending.id }), { code: 'KEY_NOT_YET_VALID' })
    const expired = await storeKey(world.url, key, { expiresAt: '2020-01-01T00:00:00.000Z' })
    const answer = await acquireAll(key, [used.id, pending.id, expired.id])
    expect(answer.errors).toEqual([])
  })

  test('of a revoked or an unknown key is refused, and raises no alert', async () => {
    const { key } = await openAccount(world.url)
    const [good, revoked] = [await storeKey(world.url, key), await storeKey(world.url, key)]
    await succeed(world.url, key, {
      query: 'mutation ($id: ID!) { revokeTransactionKey(id: $id) { id } }',
      variables: { id: revoked.id },
    })
    expectRefusal(await acquireAll(key, [good.id, revoked.id]), { code: 'KEY_REVOKED' })
    expectRefusal(await acquireAll(key, [good.id, randomUUID()]), { code: 'NOT_FOUND' })
    expect(await trustAlerts(world.url, key)).toEqual([{ kind: 'KEY_REVOKED' }])
  })

  test('that is repeated with its acquisitionId is alerted once, also at the same time', async () => {
    const { key } = await openAccount(world.url)
    const ids = [await storeKey(world.url, key), await storeKey(world.url, key)].map(({ id }) => id)
    const acquisitionId = randomUUID()
    await Promise.all(Array.from({ length: 5 }, () => acquireAll(key, ids, { acquisitionId })))
    expect(await trustAlerts(world.url, key)).toEqual([{ kind, managementKey: { id: key.id }, keyCount: 2 }])
  })

  test('with the acquisitionId of a use is alerted all the same, and does not make the use free', async () => {
    const { key } = await openAccount(world.url)
    const [{ id }, other] = [await storeKey(world.url, key), await storeKey(world.url, key)]
    const acquisitionId = randomUUID()
    await acquire(world.url, key, { id, acquisitionId })
    await acquireAll(key, [id], { acquisitionId })
    expect(await trustAlerts(world.url, key)).toHaveLength(1)
    await acquireAll(key, [other.id], { acquisitionId })
    await acquire(world.url, key, { id: other.id, acquisitionId })
    const { data } = await call(world.url, key, {
      query: 'query ($id: ID!) { transactionKey(id: $id) { useCount } }',
      variables: { id: other.id },
    })
    expect(pick(data, 'transactionKey', 'useCount')).toBe(1)
  })
})
