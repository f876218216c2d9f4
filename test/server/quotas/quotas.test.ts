import { describe, expect, test } from 'vitest'
import { accountIdOf } from '../../../server/lib/account-id.ts'
import { expectRefusal } from '../../support/operations.ts'
import {
  call,
  openAccount,
  storeInput,
  storeKey,
  storeMutation,
  wrap,
  type RawKey,
} from '../../support/raw-client.ts'
import { useWorld } from '../../support/world.ts'

const world = useWorld({
  count: 2,
  quotas: { transactionKeys: 10, storedBytes: 40_000, managementKeys: 2, webhooks: 1 },
})

const usageQuery = `{ account { usage {
  transactionKeys transactionKeysMax managementKeys managementKeysMax webhooks webhooksMax storedBytes storedBytesMax
} } }`

async function usageOf(key: RawKey): Promise<Record<string, number>> {
  const { data } = await call(world.url, key, { query: usageQuery })
  const usage: Record<string, number> = data?.['account'].usage
  return usage
}

async function store(key: RawKey, { server = 0, secretCharacters = 4 } = {}) {
  const jwe = await wrap(key, { kty: 'oct', k: 'A'.repeat(secretCharacters) })
  const input = await storeInput(key, { wrappedKeys: [{ managementKeyId: key.id, jwe }] })
  return call(world.servers[server]?.url ?? '', key, { query: storeMutation, variables: { input } })
}

/** Whether what was counted is what the tables have. */
async function isCountedRight(name: string): Promise<unknown> {
  const id = accountIdOf(name)
  const [stored] = await world.sql`SELECT key_count AS keys, byte_count AS bytes FROM stored_of(${id}, NULL)`
  const [counted] = await world.sql`
    SELECT transaction_keys AS keys, stored_bytes AS bytes FROM account_usage WHERE account_id = ${id}`
  return { keys: stored?.['keys'] === counted?.['keys'], bytes: stored?.['bytes'] === counted?.['bytes'] }
}
const right = { keys: true, bytes: true }

describe('an account', () => {
  test('sees what it has, and how much it may have', async () => {
    const { key } = await openAccount(world.url)
    const most = { transactionKeysMax: 10, managementKeysMax: 2, webhooksMax: 1, storedBytesMax: 40_000 }
    const has = { transactionKeys: 0, managementKeys: 1, webhooks: 0, storedBytes: 0 }
    expect(await usageOf(key)).toEqual({ ...most, ...has })
    await storeKey(world.url, key)
    const { transactionKeys, storedBytes } = await usageOf(key)
    expect(transactionKeys).toBe(1)
    expect(storedBytes).toBeGreaterThan(100)
  })

  test('stores exactly as many keys as it may, of 40 that come at once to two servers', async () => {
    const { name, key } = await openAccount(world.url)
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => store(key, { server: index % 2 })),
    )
    const refused = answers.filter(({ errors }) => errors.length > 0)
    expect(refused).toHaveLength(30)
    for (const answer of refused) {
      expectRefusal(answer, { code: 'QUOTA_EXCEEDED', quota: 'transactionKeys', limit: 10 })
    }
    expect(await usageOf(key)).toMatchObject({ transactionKeys: 10 })
    expect(await isCountedRight(name)).toEqual(right)
  }, 60_000)

  test('stores no more bytes than it may, of what comes at once', async () => {
    const { name, key } = await openAccount(world.url)
    const answers = await Promise.all(
      Array.from({ length: 9 }, (_, index) => store(key, { server: index % 2, secretCharacters: 6_000 })),
    )
    const refused = answers.filter(({ errors }) => errors.length > 0)
    expect(refused.length).toBeGreaterThan(0)
    for (const answer of refused) {
      expectRefusal(answer, { code: 'QUOTA_EXCEEDED', quota: 'storedBytes', limit: 40_000 })
    }
    const { storedBytes } = await usageOf(key)
    expect(storedBytes).toBeLessThanOrEqual(40_000)
    expect(storedBytes).toBeGreaterThan(30_000)
    expect(await isCountedRight(name)).toEqual(right)
  }, 60_000)

  test('may store again what it revokes, and gets the bytes of what it destroys', async () => {
    const { name, key } = await openAccount(world.url)
    const ids: string[] = []
    for (let stored = 0; stored < 10; stored++) ids.push((await storeKey(world.url, key)).id)
    expectRefusal(await store(key), { code: 'QUOTA_EXCEEDED', quota: 'transactionKeys', limit: 10 })
    await call(world.url, key, { query: `mutation { revokeTransactionKey(id: "${ids[0] ?? ''}") { id } }` })
    expect((await store(key)).errors).toEqual([])
    const before = await usageOf(key)
    await call(world.url, key, { query: `mutation { destroyTransactionKey(id: "${ids[1] ?? ''}") { id } }` })
    const after = await usageOf(key)
    expect(after['transactionKeys']).toBe(9)
    expect(after['storedBytes']).toBeLessThan(before['storedBytes'] ?? 0)
    expect(await isCountedRight(name)).toEqual(right)
  })

  test('is counted right when one key is stored, rewrapped, updated and destroyed at once', async () => {
    const { name, key } = await openAccount(world.url)
    const { id } = await storeKey(world.url, key)
    const again = await storeInput(key)
    const rewrap = async (secretCharacters: number) => {
      const jwe = await wrap(key, { kty: 'oct', k: 'A'.repeat(secretCharacters) })
      const input = [{ transactionKeyId: id, wrappedKeys: [{ managementKeyId: key.id, jwe }] }]
      return {
        query:
          'mutation ($input: [RewrapTransactionKeyInput!]!) { rewrapTransactionKeys(input: $input) { id } }',
        variables: { input },
      }
    }
    const changes = [
      ...Array.from({ length: 6 }, () => ({ query: storeMutation, variables: { input: again } })),
      ...(await Promise.all([100, 2_000, 800, 4_000, 20].map((characters) => rewrap(characters)))),
      { query: `mutation { updateTransactionKey(input: { id: "${id}", label: "x" }) { id } }` },
      { query: `mutation { destroyTransactionKey(id: "${id}") { id } }` },
      { query: `mutation { revokeTransactionKey(id: "${id}") { id } }` },
    ]
    await Promise.all(changes.map((change, index) => call(world.servers[index % 2]?.url ?? '', key, change)))
    expect(await isCountedRight(name)).toEqual(right)
    expect(await usageOf(key)).toMatchObject({ transactionKeys: 1 })
  }, 60_000)

  test('may have what the operator has set for it alone, and a refused key leaves nothing behind', async () => {
    const { name, key } = await openAccount(world.url)
    await storeKey(world.url, key)
    const id = accountIdOf(name)
    await world.sql`UPDATE account_usage SET transaction_keys_max = 1 WHERE account_id = ${id}`
    expect(await usageOf(key)).toMatchObject({ transactionKeys: 1, transactionKeysMax: 1 })
    const request = { query: storeMutation, variables: { input: await storeInput(key) } }
    expectRefusal(await call(world.url, key, request), {
      code: 'QUOTA_EXCEEDED',
      quota: 'transactionKeys',
      limit: 1,
    })
    expect(await isCountedRight(name)).toEqual(right)
    await world.sql`UPDATE account_usage SET transaction_keys_max = NULL WHERE account_id = ${id}`
    expect((await call(world.url, key, request)).errors).toEqual([])
  })
})
