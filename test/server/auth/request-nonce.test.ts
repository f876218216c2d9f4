import { expect, test } from 'vitest'
import { createNonce } from '../../../schema/wire/signatures/http-signature.ts'
import {
  call,
  createRawKey,
  openAccount,
  send,
  signRequest,
  storeInput,
  storeKey,
  storeMutation,
  wrappedKeyQuery,
} from '../../support/raw-client.ts'
import { expectUnauthenticated, succeed, useWorld, type Operation } from '../../support/operations.ts'

const world = useWorld()
const accountQuery = { query: '{ account { id } }' }

test('a nonce is accepted once for one key, and once for another', async () => {
  const [{ key: a }, { key: b }] = await Promise.all([openAccount(world.url), openAccount(world.url)])
  const parameters = { nonce: createNonce() }
  expect((await call(world.url, a, { ...accountQuery, parameters })).errors).toEqual([])
  expect((await call(world.url, b, { ...accountQuery, parameters })).errors).toEqual([])
  expectUnauthenticated(await call(world.url, a, { ...accountQuery, parameters }), 'SIGNATURE_REPLAYED')
})

test('a request with a wrong signature does not consume the nonce of the right one', async () => {
  const { key } = await openAccount(world.url)
  const request = await signRequest(world.url, key, accountQuery)
  const signature = `sig=:${Buffer.alloc(64).toString('base64')}:`
  const forged = await send({ ...request, headers: { ...request.headers, signature } })
  expectUnauthenticated(forged, 'SIGNATURE_INVALID')
  expect((await send(request)).errors).toEqual([])
})

test('a nonce is consumed by a request that reads, and by one that is refused', async () => {
  const { key } = await openAccount(world.url)
  const stored = await storeKey(world.url, key, { maxUses: 1, overusePolicy: 'REFUSE' })
  const revoked = await storeKey(world.url, key)
  await succeed(world.url, key, { query: wrappedKeyQuery, variables: { id: stored.id } })
  await succeed(world.url, key, {
    query: 'mutation ($id: ID!) { revokeTransactionKey(id: $id) { id } }',
    variables: { id: revoked.id },
  })
  const conflicting = await storeInput(key, { id: stored.id })
  const unknown = { id: '00000000-0000-4000-8000-000000000000' }
  const cases: [Operation, string | undefined][] = [
    [accountQuery, undefined],
    [{ query: '{ transactionKey(id: "none") { id } }' }, undefined],
    [{ query: storeMutation, variables: { input: stored } }, undefined],
    [{ query: storeMutation, variables: { input: conflicting } }, 'CONFLICT'],
    [{ query: wrappedKeyQuery, variables: unknown }, 'NOT_FOUND'],
    [{ query: wrappedKeyQuery, variables: { id: 'none' } }, 'NOT_FOUND'],
    [{ query: wrappedKeyQuery, variables: { id: stored.id } }, 'KEY_OVERUSED'],
    [{ query: wrappedKeyQuery, variables: { id: revoked.id } }, 'KEY_REVOKED'],
    [
      { query: 'mutation ($id: ID!) { destroyTransactionKey(id: $id) { id } }', variables: unknown },
      'NOT_FOUND',
    ],
    [{ query: '{ account { transactionKeys(first: -1) { totalCount } } }' }, 'BAD_USER_INPUT'],
  ]
  for (const [operation, code] of cases) {
    const request = await signRequest(world.url, key, operation)
    expect((await send(request)).code, operation.query).toBe(code)
    expectUnauthenticated(await send(request), 'SIGNATURE_REPLAYED')
  }
})

test('a replayed acquisition is not counted', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key)
  const request = await signRequest(world.url, key, { query: wrappedKeyQuery, variables: { id } })
  expect((await send(request)).errors).toEqual([])
  expectUnauthenticated(await send(request), 'SIGNATURE_REPLAYED')
  const query = `{ transactionKey(id: "${id}") { useCount } }`
  expect(await succeed(world.url, key, { query })).toEqual({ transactionKey: { useCount: 1 } })
})

test('several fields of one signed request are answered, and consume its nonce once', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key)
  const request = await signRequest(world.url, key, {
    query: `query ($id: ID!) { account { managementKeys { id } } transactionKey(id: $id) { id }
      wrappedKey(transactionKeyId: $id) { jwe } keyServer { version } again: account { name } }`,
    variables: { id },
  })
  const answer = await send(request)
  expect(answer.errors).toEqual([])
  expect(answer.data).toMatchObject({ transactionKey: { id }, wrappedKey: { jwe: expect.any(String) } })
  expectUnauthenticated(await send(request), 'SIGNATURE_REPLAYED')
  const [row] = await world.sql`SELECT count(*)::int AS nonces FROM nonces WHERE key_id = ${key.id}`
  expect(row).toEqual({ nonces: 3 })
})

test('several mutations of one signed request run in order, and consume its nonce once', async () => {
  const { key } = await openAccount(world.url)
  const [a, b] = await Promise.all([
    storeInput(key),
    storeInput(key, { applicationServer: 'https://b.example' }),
  ])
  const query = `mutation ($a: StoreTransactionKeyInput!, $b: StoreTransactionKeyInput!, $id: ID!) {
    a: storeTransactionKey(input: $a) { id } b: storeTransactionKey(input: $b) { id }
    revokeTransactionKey(id: $id) { id state } }`
  const request = await signRequest(world.url, key, { query, variables: { a, b, id: a.id } })
  expect((await send(request)).data).toEqual({
    a: { id: a.id },
    b: { id: b.id },
    revokeTransactionKey: { id: a.id, state: 'REVOKED' },
  })
  expectUnauthenticated(await send(request), 'SIGNATURE_REPLAYED')
})

test('an account can be opened and its first key stored by one signed request', async () => {
  const key = await createRawKey()
  const input = await storeInput(key)
  const managementKey = { label: 'laptop', signingKey: key.signingKey, wrappingKey: key.wrappingKey }
  const request = await signRequest(world.url, key, {
    query: `mutation ($account: OpenAccountInput!, $input: StoreTransactionKeyInput!) {
      openAccount(input: $account) { name } storeTransactionKey(input: $input) { id } }`,
    variables: { account: { name: `owner-${input.id}`, managementKey }, input },
  })
  expect((await send(request)).data).toEqual({
    openAccount: { name: `owner-${input.id}` },
    storeTransactionKey: { id: input.id },
  })
  expectUnauthenticated(await send(request), 'SIGNATURE_REPLAYED')
})

test('of a refused mutation and a good one in a request, each has its own answer', async () => {
  const { key } = await openAccount(world.url)
  const good = await storeInput(key)
  const request = await signRequest(world.url, key, {
    query: `mutation ($good: StoreTransactionKeyInput!) {
      destroyTransactionKey(id: "none") { id } storeTransactionKey(input: $good) { id } }`,
    variables: { good },
  })
  // A refused field that must not be null leaves no data at all (GraphQL 6.4.4); the error says which field it was.
  expect((await send(request)).errors).toMatchObject([
    { path: ['destroyTransactionKey'], extensions: { code: 'NOT_FOUND' } },
  ])
  expectUnauthenticated(await send(request), 'SIGNATURE_REPLAYED')
})
