import { setTimeout as delay } from 'node:timers/promises'
import type { JWK } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parsePublicJwk } from '../../../schema/wire/keys/jwk.ts'
import { thumbprint } from '../../../schema/wire/keys/thumbprint.ts'
import { mismatchAlertsPerHour } from '../../../server/verification/mismatch-rows.ts'
import { administer, type Administrator } from '../../support/connections.ts'
import { call, openAccount, signRequest, storeKey, type RawAccount } from '../../support/raw-client.ts'
import { startWorlds, type TestServer } from '../../support/server.ts'
import { createPublicKey, verify } from '../../support/server-keys.ts'

const shop = 'https://shop.example'

let servers: TestServer[]
let url: string
let administrator: Administrator
let sql: Administrator['sql']
beforeAll(async () => {
  servers = await startWorlds(2)
  url = servers[0]?.url ?? ''
  administrator = administer(servers[0]?.databaseUrl ?? '')
  sql = administrator.sql
})
afterAll(async () => {
  await administrator.close()
  for (const server of servers.toReversed()) await server.stop()
})

test('a key that is not the owner’s is told to them on their alert stream, with where and which', async () => {
  const owner = await ownerWithKey()
  const stream = await openStream(owner)
  const shown = await createPublicKey()
  await verify(url, { owner: owner.name, publicKey: shown }, 'coincides')
  expect(await stream.next('PublicKeyMismatchAlert')).toMatchObject({
    kind: 'PUBLIC_KEY_MISMATCH',
    applicationServer: shop,
    presentedThumbprint: await thumbprint(parsePublicJwk(shown)),
  })
  await stream.end()
})

test('one is told once, however often and through whichever server it is shown', async () => {
  const owner = await ownerWithKey()
  const shown = await createPublicKey()
  await Promise.all(
    Array.from({ length: 60 }, (_, index) =>
      verify(servers[index % 2]?.url ?? '', { owner: owner.name, publicKey: shown }, 'coincides'),
    ),
  )
  await settle()
  expect(await alertsOf(owner)).toHaveLength(1)
})

test('it is told again when an hour has passed, and not before', async () => {
  const owner = await ownerWithKey()
  const shown = await createPublicKey()
  const showAfter = async (minutes: number): Promise<number> => {
    await sql`UPDATE mismatches SET alerted_at = clock_timestamp() - make_interval(mins => ${minutes})
      WHERE presented_thumbprint = ${await thumbprint(parsePublicJwk(shown))}`
    await verify(url, { owner: owner.name, publicKey: shown }, 'coincides')
    await settle()
    return (await alertsOf(owner)).length
  }
  expect(await showAfter(0)).toBe(1)
  expect(await showAfter(59)).toBe(1)
  expect(await showAfter(61)).toBe(2)
})

test('another application server and another key are told apart', async () => {
  const owner = await ownerWithKey()
  await storeKey(url, owner.key, { applicationServer: 'https://bank.example' })
  const [first, second] = [await createPublicKey(), await createPublicKey()]
  await verify(url, { owner: owner.name, publicKey: first }, 'coincides')
  await verify(url, { owner: owner.name, publicKey: second }, 'coincides')
  await verify(
    url,
    { owner: owner.name, applicationServer: 'https://bank.example', publicKey: first },
    'coincides',
  )
  await settle()
  const told = await alertsOf(owner)
  expect(told.map(({ applicationServer }) => applicationServer).sort()).toEqual([
    'https://bank.example',
    shop,
    shop,
  ])
})

test('an owner is not flooded: of 300 keys in an hour, shown to two servers at once, 20 are told', async () => {
  const [owner, neighbour] = [await ownerWithKey(), await ownerWithKey()]
  const keys = await Promise.all(Array.from({ length: 300 }, createPublicKey))
  await Promise.all([
    showMany(servers[0], owner, keys.slice(0, 150)),
    showMany(servers[1], owner, keys.slice(150)),
  ])
  await settle()
  await expect.poll(() => alertsOf(owner)).toHaveLength(20)
  expect(mismatchAlertsPerHour).toBe(20)
  // The bound is each owner's own.
  await verify(url, { owner: neighbour.name, publicKey: keys[0] }, 'coincides')
  await expect.poll(() => alertsOf(neighbour)).toHaveLength(1)
})

test('20 junk keys at one application server keep no mismatch at another from its owner', async () => {
  const owner = await ownerWithKey()
  const bank = 'https://bank.example'
  await storeKey(url, owner.key, { applicationServer: bank })
  await showMany(servers[0], owner, await Promise.all(Array.from({ length: 60 }, createPublicKey)))
  await settle()
  await expect.poll(() => alertsOf(owner)).toHaveLength(20)
  const stolen = await createPublicKey()
  await verify(url, { owner: owner.name, applicationServer: bank, publicKey: stolen }, 'coincides')
  await expect
    .poll(async () => (await alertsOf(owner)).map(({ applicationServer }) => applicationServer))
    .toContain(bank)
})

test('what was not told one by one is summed up in one alert, once, by whichever server', async () => {
  const owner = await ownerWithKey()
  const keys = await Promise.all(Array.from({ length: 90 }, createPublicKey))
  const thumbprints = await Promise.all(keys.map((key) => thumbprint(parsePublicJwk(key))))
  await showMany(servers[0], owner, keys)
  // Shown again, they are not counted again.
  await showMany(servers[1], owner, keys)
  await expect.poll(() => alertsOf(owner)).toHaveLength(20)
  await settle()
  // A minute later.
  await sql`UPDATE mismatches SET alerted_at = alerted_at - interval '1 minute' WHERE telling = 'WAITING'`
  await expect.poll(async () => (await alertsOf(owner)).length).toBe(21)
  await delay(6_000)
  const told = await alertsOf(owner)
  expect(told).toHaveLength(21)
  expect(told.map(({ furtherKeyCount }) => furtherKeyCount)).toEqual([...Array<number>(20).fill(0), 69])
  const named = told.map(({ presentedThumbprint }) => presentedThumbprint)
  expect(new Set(named).size).toBe(21)
  expect(thumbprints).toEqual(expect.arrayContaining(named))
}, 40_000)

test('nothing is told of an unknown owner, of an application server without a key, or of a key that coincides', async () => {
  const owner = await ownerWithKey()
  const shown = await createPublicKey()
  await verify(url, { owner: `${owner.name}-not`, publicKey: shown }, 'coincides')
  await verify(
    url,
    { owner: owner.name, applicationServer: 'https://none.example', publicKey: shown },
    'coincides',
  )
  const revoked = await storeKey(url, owner.key)
  await call(url, owner.key, {
    query: 'mutation ($id: ID!) { revokeTransactionKey(id: $id) { state } }',
    variables: { id: revoked.id },
  })
  await verify(url, { owner: owner.name, publicKey: owner.publicKey }, 'coincides')
  await verify(url, { owner: owner.name, publicKey: revoked.publicKey }, 'coincides')
  await settle()
  expect(await alertsOf(owner)).toEqual([])
  const [row] = await sql`SELECT count(*)::int AS count FROM mismatches
    WHERE presented_thumbprint = ${await thumbprint(parsePublicJwk(shown))}`
  expect(row?.['count']).toBe(0)
})

interface Owner extends RawAccount {
  readonly publicKey: JWK | null
}

async function ownerWithKey(): Promise<Owner> {
  const account = await openAccount(url)
  const { publicKey } = await storeKey(url, account.key)
  return { ...account, publicKey }
}

async function showMany(server: TestServer | undefined, owner: Owner, keys: readonly JWK[]): Promise<void> {
  for (let from = 0; from < keys.length; from += 100) {
    const inputs = keys
      .slice(from, from + 100)
      .map((publicKey) => ({ owner: owner.name, applicationServer: shop, publicKey }))
    const { errors } = await call(server?.url ?? '', null, {
      query: 'query ($inputs: [VerifyPublicKeyInput!]!) { verifyPublicKeys(inputs: $inputs) { coincides } }',
      variables: { inputs },
    })
    expect(errors).toEqual([])
  }
}

/** The alarm works beside the answers, ten times a second. */
function settle(): Promise<void> {
  return delay(700)
}

interface Told {
  readonly applicationServer: string
  readonly presentedThumbprint: string
  readonly furtherKeyCount: number
}

async function alertsOf({ key }: RawAccount): Promise<Told[]> {
  const { data } = await call(url, key, {
    query:
      '{ account { alerts(first: 100) { edges { node { ... on PublicKeyMismatchAlert { applicationServer presentedThumbprint furtherKeyCount } } } } } }',
  })
  const edges: { node: Told | Record<string, never> }[] = data?.['account'].alerts.edges
  return edges.map(({ node }) => node).filter((node): node is Told => 'applicationServer' in node)
}

/** The account's alerts as server-sent events. */
async function openStream({ key }: RawAccount) {
  const { headers, body } = await signRequest(url, key, {
    query: `subscription { alerts { __typename kind ... on PublicKeyMismatchAlert { applicationServer presentedThumbprint } } }`,
  })
  const stopping = new AbortController()
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { ...headers, accept: 'text/event-stream' },
    body,
    signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(10_000)]),
  })
  if (!response.body) throw new Error('a stream')
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    async next(type: string): Promise<unknown> {
      for (;;) {
        for (const [, data = ''] of text.matchAll(/^data: (\{.*\})$/gm)) {
          const alert = JSON.parse(data).data?.alerts
          if (alert?.__typename === type) return alert
        }
        const { value, done } = await reader.read()
        if (done) throw new Error(`the stream ended after ${text.length} characters`)
        text += value
      }
    },
    async end(): Promise<void> {
      await reader.cancel()
      stopping.abort()
    },
  }
}
