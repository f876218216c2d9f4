import { Client, cacheExchange } from '@urql/core'
import { expect, test } from 'vitest'
import { clavigerExchange } from '../../../client/urql.ts'
import { bank, newVault, shop, useWorld } from '../../support/devices.ts'

const world = useWorld()
const labels = 'query Labels { account { transactionKeys(first: 10) { edges { node { label } } } } }'
const revoke = 'mutation Revoke($id: ID!) { revokeTransactionKey(id: $id) { state } }'
const revoked = 'subscription Revoked { alerts(kinds: [KEY_REVOKED]) { kind } }'

test('a query, a mutation and a subscription of one’s own are signed', async () => {
  const vault = await newVault(world.url)
  const { id } = await vault.createKey(shop, { label: 'Shop' })
  await vault.createKey(bank, { label: 'Bank' })
  expect(await vault.graphql(labels)).toMatchObject({
    account: { transactionKeys: { edges: [{ node: { label: 'Bank' } }, { node: { label: 'Shop' } }] } },
  })
  const left = new AbortController()
  const alerts = vault.subscribe(revoked, { signal: left.signal })
  const first = alerts.next()
  // The subscription begins with its connection, which nothing tells of: revoke until it has.
  const state = await vault.graphql<{ revokeTransactionKey: { state: string } }>(revoke, { id })
  expect(state.revokeTransactionKey.state).toBe('REVOKED')
  const others = setInterval(() => void vault.createKey(shop).then((key) => vault.revokeKey(key.id)), 300)
  expect((await first).value).toEqual({ alerts: { kind: 'KEY_REVOKED' } })
  clearInterval(others)
  left.abort()
  expect(await alerts.next()).toMatchObject({ done: true })
})

test('what the key server refuses is thrown with its code', async () => {
  const vault = await newVault(world.url)
  const id = crypto.randomUUID()
  await expect(vault.graphql(revoke, { id })).rejects.toMatchObject({
    name: 'KeyServerError',
    code: 'NOT_FOUND',
  })
  await expect(vault.graphql('{ nothing }')).rejects.toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' })
})

test('a urql client with the exchange signs what it sends, and shows refusals as errors with a code', async () => {
  const vault = await newVault(world.url)
  const { id } = await vault.createKey(shop, { label: 'Shop' })
  const client = new Client({
    url: world.url,
    preferGetMethod: false,
    exchanges: [cacheExchange, clavigerExchange(vault)],
  })
  const { data } = await client.query(labels, {})
  expect(data).toMatchObject({ account: { transactionKeys: { edges: [{ node: { label: 'Shop' } }] } } })
  expect((await client.mutation(revoke, { id })).data).toMatchObject({
    revokeTransactionKey: { state: 'REVOKED' },
  })
  const { error } = await client.mutation(revoke, { id: crypto.randomUUID() })
  expect(error?.graphQLErrors[0]?.extensions).toMatchObject({ code: 'NOT_FOUND' })
})

test('a urql subscription delivers, and leaving it ends it', async () => {
  const vault = await newVault(world.url)
  const client = new Client({ url: world.url, preferGetMethod: false, exchanges: [clavigerExchange(vault)] })
  const received: unknown[] = []
  const subscription = client.subscription(revoked, {}).subscribe(({ data }) => received.push(data))
  // Nothing tells when it is subscribed: one of these alerts comes after that.
  while (received.length === 0) {
    const { id } = await vault.createKey(shop)
    await vault.revokeKey(id)
  }
  expect(received[0]).toMatchObject({ alerts: { kind: 'KEY_REVOKED' } })
  subscription.unsubscribe()
})
