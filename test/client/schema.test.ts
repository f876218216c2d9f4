import { initGraphQLTada } from 'gql.tada'
import { expect, expectTypeOf, test } from 'vitest'
import { createVault, memoryKeystore } from 'claviger'
import type { Introspection, PublicJwk, Scalars } from 'claviger/schema'
import { encodeCursor } from '../../schema/wire/cursor.ts'
import { newOwner, shop, useWorld } from '../support/devices.ts'

const world = useWorld()
/** Before the first alert. */
const beginning = encodeCursor('alert', '0')
const graphql = initGraphQLTada<{ introspection: Introspection; scalars: Scalars }>()

const keysDocument = graphql(`
  query Keys($first: Int!, $state: TransactionKeyState) {
    account {
      name
      transactionKeys(first: $first, state: $state) {
        totalCount
        edges {
          node {
            id
            label
            publicKey
            expiresAt
            state
          }
        }
      }
    }
  }
`)

const revokeDocument = graphql(`
  mutation Revoke($id: ID!) {
    revokeTransactionKey(id: $id) {
      state
      revokedAt
    }
  }
`)

const alertsDocument = graphql(`
  subscription Alerts($after: String) {
    alerts(after: $after) {
      kind
      cursor
    }
  }
`)

test('the data and the variables of a document have the types of the schema, and are what the key server answers', async () => {
  const vault = await createVault({ url: world.url, owner: newOwner(), keystore: memoryKeystore() })
  const { id } = await vault.createKey(shop, { label: 'Shop' })

  const { account } = await vault.graphql(keysDocument, { first: 10, state: 'ACTIVE' })
  expectTypeOf(account.name).toEqualTypeOf<string>()
  expectTypeOf(account.transactionKeys.totalCount).toEqualTypeOf<number>()
  const [edge] = account.transactionKeys.edges
  expectTypeOf(edge?.node.label).toEqualTypeOf<string | null | undefined>()
  expectTypeOf(edge?.node.publicKey).toEqualTypeOf<PublicJwk | null | undefined>()
  expectTypeOf(edge?.node.state).toEqualTypeOf<'ACTIVE' | 'EXPIRED' | 'PENDING' | 'REVOKED' | undefined>()
  expect(edge?.node).toMatchObject({ id, label: 'Shop', state: 'ACTIVE', expiresAt: null })

  const { revokeTransactionKey } = await vault.graphql(revokeDocument, { id })
  expectTypeOf(revokeTransactionKey.revokedAt).toEqualTypeOf<string | null>()
  expect(revokeTransactionKey.state).toBe('REVOKED')

  for await (const { alerts } of vault.subscribe(alertsDocument, { variables: { after: beginning } })) {
    expectTypeOf(alerts.cursor).toEqualTypeOf<string>()
    expect(alerts.kind).toBe('KEY_REVOKED')
    break
  }
})

test('other variables and other fields do not compile', () => {
  const never = async (vault: Awaited<ReturnType<typeof createVault>>) => {
    // @ts-expect-error -- `first` is missing.
    await vault.graphql(keysDocument, { state: 'ACTIVE' })
    // @ts-expect-error -- There is no such state.
    await vault.graphql(keysDocument, { first: 1, state: 'SLEEPING' })
    const { account } = await vault.graphql(keysDocument, { first: 1 })
    expectTypeOf(account).not.toHaveProperty('createdAt')
  }
  expect(never).toBeTypeOf('function')
})
