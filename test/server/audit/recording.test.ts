import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { auditEntriesOf } from '../../support/audit.ts'
import { acquire, call, openAccount, storeKey, wrap, type RawKey } from '../../support/raw-client.ts'
import { expectRefusal, pick, secondsAhead, succeed, useWorld } from '../../support/operations.ts'

const world = useWorld({ auditAddresses: true })

const entriesOf = (key: RawKey) => auditEntriesOf(world.url, key)

const acquireAll = `query ($ids: [ID!]!, $purpose: AcquisitionPurpose) {
  wrappedKeys(transactionKeyIds: $ids, purpose: $purpose) { jwe } }`

test('an acquisition has an entry for each of its keys, with its purpose and the address of the client', async () => {
  const { key } = await openAccount(world.url)
  const ids = [(await storeKey(world.url, key)).id, (await storeKey(world.url, key)).id]
  await succeed(world.url, key, { query: acquireAll, variables: { ids, purpose: 'EXPORT' } })
  const common = { code: null, managementKeyId: key.id, address: '127.0.0.1' }
  expect((await entriesOf(key)).slice(-2)).toMatchObject(
    ids.map((id) => ({ ...common, action: 'KEY_ACQUIRED', purpose: 'EXPORT', transactionKeyId: id })),
  )
})

test.for([
  ['KEY_NOT_YET_VALID', { notBefore: secondsAhead(600) }, []],
  ['KEY_OVERUSED', { maxUses: 1, overusePolicy: 'REFUSE' }, ['acquire']],
  ['KEY_REVOKED', {}, ['revoke']],
] as const)(
  'an acquisition that is refused with %s has an entry for each key',
  async ([code, terms, before]) => {
    const { key } = await openAccount(world.url)
    const { id } = await storeKey(world.url, key, terms)
    const { id: other } = await storeKey(world.url, key)
    for (const step of before) {
      if (step === 'acquire') await acquire(world.url, key, { id })
      else await succeed(world.url, key, { query: `mutation { revokeTransactionKey(id: "${id}") { id } }` })
    }
    const ids = [other, id]
    expectRefusal(await call(world.url, key, { query: acquireAll, variables: { ids } }), { code })
    expect((await entriesOf(key)).slice(-2)).toMatchObject(
      ids.map((refused) => ({ action: 'KEY_ACQUIRED', code, purpose: 'USE', transactionKeyId: refused })),
    )
  },
)

test('an acquisition that is refused with NOT_FOUND has an entry with the id that was asked for, if it is one', async () => {
  const { key } = await openAccount(world.url)
  const unknown = randomUUID()
  expectRefusal(await acquire(world.url, key, { id: unknown }), { code: 'NOT_FOUND' })
  expectRefusal(await acquire(world.url, key, { id: 'malformed' }), { code: 'NOT_FOUND' })
  expect((await entriesOf(key)).slice(-2)).toMatchObject([
    { action: 'KEY_ACQUIRED', code: 'NOT_FOUND', transactionKeyId: unknown },
    { action: 'KEY_ACQUIRED', code: 'NOT_FOUND', transactionKeyId: null },
  ])
})

test('a repeated acquisition releases the key again, and has an entry again', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key)
  const acquisitionId = randomUUID()
  for (let time = 0; time < 2; time++) await acquire(world.url, key, { id, acquisitionId })
  const actions = (await entriesOf(key)).map(({ action }) => action)
  expect(actions).toEqual(['ACCOUNT_OPENED', 'KEY_STORED', 'KEY_ACQUIRED', 'KEY_ACQUIRED'])
})

test('each change of a key has an entry, and a repetition that changes nothing has none', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key)
  const wrappedKeys = [{ managementKeyId: key.id, jwe: await wrap(key) }]
  const operations = [
    { query: `mutation { updateTransactionKey(input: { id: "${id}", label: "new" }) { id } }` },
    {
      query:
        'mutation ($input: [RewrapTransactionKeyInput!]!) { rewrapTransactionKeys(input: $input) { id } }',
      variables: { input: [{ transactionKeyId: id, wrappedKeys }] },
    },
    { query: `mutation { revokeTransactionKey(id: "${id}") { id } }` },
    { query: `mutation { revokeTransactionKey(id: "${id}") { id } }` },
    { query: `mutation { destroyTransactionKey(id: "${id}") { id } }` },
    { query: `mutation { destroyTransactionKey(id: "${id}") { id } }` },
  ]
  for (const operation of operations) await succeed(world.url, key, operation)
  const entries = await entriesOf(key)
  expect(entries.slice(2)).toMatchObject(
    ['KEY_UPDATED', 'KEY_REWRAPPED', 'KEY_REVOKED', 'KEY_DESTROYED'].map((action) => ({
      action,
      code: null,
      transactionKeyId: id,
    })),
  )
  expect(entries).toHaveLength(6)
})

test('a request whose signature is refused has no entry', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key)
  const parameters = { created: 1_000_000_000, expires: 1_000_000_060 }
  const query = `{ wrappedKey(transactionKeyId: "${id}") { jwe } }`
  expect((await call(world.url, key, { query, parameters })).code).toBe('UNAUTHENTICATED')
  expect(await entriesOf(key)).toHaveLength(2)
})

test('what cannot be recorded does not happen: no key is released or counted, and no change is made', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key)
  const update = { query: `mutation { updateTransactionKey(input: { id: "${id}", label: "new" }) { id } }` }
  await world.sql`ALTER TABLE audit_pending ADD CONSTRAINT full_disk CHECK (false) NOT VALID`
  try {
    expect((await acquire(world.url, key, { id })).code).toBe('INTERNAL_SERVER_ERROR')
    expect((await call(world.url, key, update)).code).toBe('INTERNAL_SERVER_ERROR')
  } finally {
    await world.sql`ALTER TABLE audit_pending DROP CONSTRAINT full_disk`
  }
  const data = await succeed(world.url, key, { query: `{ transactionKey(id: "${id}") { useCount label } }` })
  expect(pick(data, 'transactionKey')).toEqual({ useCount: 0, label: null })
  expect(await entriesOf(key)).toHaveLength(2)
})
