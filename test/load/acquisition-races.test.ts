import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  acquire,
  call,
  openAccount,
  send,
  signRequest,
  storeKey,
  wrappedKeyQuery,
} from '../support/raw-client.ts'
import { startWorlds, type TestServer } from '../support/server.ts'

/** As behind a load balancer: what is signed for it is accepted by both servers. */
const sharedOrigin = 'https://keys.example'

let servers: TestServer[]
beforeAll(async () => {
  servers = await startWorlds(2, { alsoKnownAs: [sharedOrigin] })
})
afterAll(async () => {
  for (const server of servers.toReversed()) await server.stop()
})

test('of 200 parallel acquisitions of a key with 50 uses under REFUSE through two servers exactly 50 are granted', async () => {
  const [a, b] = servers
  if (!a || !b) throw new Error('two servers')
  const { key } = await openAccount(a.url)
  const { id } = await storeKey(a.url, key, { maxUses: 50, overusePolicy: 'REFUSE' })
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, index) => acquire(index % 2 ? a.url : b.url, key, { id })),
  )
  expect(answers.filter(({ data }) => data?.['wrappedKey'])).toHaveLength(50)
  expect(answers.filter(({ code }) => code === 'KEY_OVERUSED')).toHaveLength(150)

  const { data } = await call(a.url, key, {
    query: `query ($id: ID!) { transactionKey(id: $id) { useCount refusedCount }
      account { alerts(first: 100) { edges { node { kind ... on KeyOverusedAlert { excess refused maxUses managementKey { id } } } } } } }`,
    variables: { id },
  })
  expect(data?.['transactionKey']).toEqual({ useCount: 50, refusedCount: 150 })
  const alerts = data?.['account'].alerts.edges.map(({ node }: { node: unknown }) => node)
  expect(alerts).toEqual(
    [1, 2, 4, 8, 16, 32, 64, 128].map((excess) => ({
      kind: 'KEY_OVERUSED',
      excess,
      refused: true,
      maxUses: 50,
      managementKey: { id: key.id },
    })),
  )
})

test('one request replayed 100 times in parallel to two servers is granted once', async () => {
  const [a, b] = servers
  if (!a || !b) throw new Error('two servers')
  const { key } = await openAccount(a.url)
  const { id } = await storeKey(a.url, key)
  const request = await signRequest(a.url, key, {
    query: wrappedKeyQuery,
    variables: { id },
    target: `${sharedOrigin}/graphql`,
  })
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      send({ ...request, url: `${index % 2 ? a.url : b.url}/graphql` }),
    ),
  )
  expect(answers.filter(({ data }) => data?.['wrappedKey'])).toHaveLength(1)
  expect(
    answers.filter(({ errors }) => errors[0]?.extensions['reason'] === 'SIGNATURE_REPLAYED'),
  ).toHaveLength(99)
})
