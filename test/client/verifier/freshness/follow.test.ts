import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { createVerifier, type Verifier, type VerifierOptions } from '../../../../client/verifier.ts'
import { followKeyChanges, type Following } from '../../../../client/verifier/freshness/follow.ts'
import type { FollowEvent } from '../../../../client/verifier/freshness/key-change-loop.ts'
import { registerApplicationServer } from '../../../../client/verifier/freshness/register.ts'
import { settleClock } from '../../../support/clock.ts'
import { administer } from '../../../support/connections.ts'
import { createRawKey, openAccount, storeKey, type RawAccount } from '../../../support/raw-client.ts'
import { freePort, startTestServer, type TestServer } from '../../../support/server.ts'
import { listing, openShop, privateJwk, revoke, startSite, type Shop } from '../../../support/key-changes.ts'
import { useWorld } from '../../../support/world.ts'

const allowsPrivate = { allowsPrivateApplicationServers: true }

/** Stays up; changes are made through it. */
const server = useWorld(allowsPrivate)

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

/** The server that the verifier is connected to. */
async function startAnother(port?: number): Promise<TestServer> {
  const another = await startTestServer(server.databaseUrl, { ...allowsPrivate, ...(port && { port }) })
  ends.push(() => another.stop())
  return another
}

interface Followed {
  readonly verifier: Verifier
  readonly following: Following
  readonly events: readonly FollowEvent[]
}

async function follow(
  url: string,
  { name, key }: Shop,
  options: Partial<VerifierOptions> = {},
): Promise<Followed> {
  const verifier = createVerifier({ url, applicationServer: name, timeoutMs: 500, ...options })
  const events: FollowEvent[] = []
  const following = await followKeyChanges(verifier, {
    signingKey: await privateJwk(key),
    onEvent: (event) => events.push(event),
  })
  ends.push(() => {
    following.close()
  })
  await expect.poll(() => following.isUpToDate).toBe(true)
  return { verifier, following, events }
}

interface Question {
  readonly owner: string
  readonly publicKey: unknown
  readonly id: string
}

async function store(owner: RawAccount, { name }: Pick<Shop, 'name'>): Promise<Question> {
  const { id, publicKey } = await storeKey(server.url, owner.key, { applicationServer: name })
  return { owner: owner.name, publicKey, id }
}

test('a revocation through another server reaches the cache within a second, and what did not change stays cached', async () => {
  const [owner, shop, another] = [
    await openAccount(server.url),
    await openShop(server.url),
    await startAnother(),
  ]
  const { verifier } = await follow(another.url, shop)
  const [key, other] = [await store(owner, shop), await store(owner, shop)]
  expect(await verifier.verify(key)).toMatchObject({ status: 'valid', source: 'key-server' })
  expect(await verifier.verify(key)).toMatchObject({ status: 'valid', source: 'cache' })
  await verifier.verify(other)
  const revokedAt = performance.now()
  await revoke(server.url, owner, key)
  await expect.poll(async () => (await verifier.verify(key)).status, { interval: 20 }).toBe('revoked')
  expect(performance.now() - revokedAt).toBeLessThan(1_000)
  expect(await verifier.verify(other)).toMatchObject({ status: 'valid', source: 'cache' })
})

test('without a follower the cache would have said valid: what the follower is for', async () => {
  const [owner, shop] = [await openAccount(server.url), await openShop(server.url)]
  const verifier = createVerifier({ url: server.url, applicationServer: shop.name })
  const key = await store(owner, shop)
  await verifier.verify(key)
  await revoke(server.url, owner, key)
  await delay(500)
  expect(await verifier.verify(key)).toMatchObject({ status: 'valid', source: 'cache' })
})

test('a key that was revoked while the key server was down is at no time valid once it is back', async () => {
  const [owner, shop] = [await openAccount(server.url), await openShop(server.url)]
  const port = await freePort()
  const first = await startTestServer(server.databaseUrl, { ...allowsPrivate, port })
  const { verifier, following, events } = await follow(first.url, shop)
  const [key, other] = [await store(owner, shop), await store(owner, shop)]
  await verifier.verify(key)
  await verifier.verify(other)
  await first.stop()
  await expect.poll(() => following.isUpToDate).toBe(false)
  expect(await verifier.verify(key)).toMatchObject({ status: 'unavailable', source: 'none' })
  await revoke(server.url, owner, key)
  await startAnother(port)
  const seen: string[] = []
  const lookUntil = performance.now() + 10_000
  while (!following.isUpToDate && performance.now() < lookUntil) {
    seen.push((await verifier.verify(key)).status)
    await delay(10)
  }
  for (let round = 0; round < 20; round++) seen.push((await verifier.verify(key)).status)
  expect(seen).not.toContain('valid')
  // After failures the verifier asks nothing for a second.
  await expect.poll(async () => (await verifier.verify(key)).status, { timeout: 3_000 }).toBe('revoked')
  // The other key did not change, and is not looked up again.
  expect(await verifier.verify(other)).toMatchObject({ status: 'valid', source: 'cache' })
  expect(events.map(({ type }) => type).filter((type) => type !== 'changed')).toContain('lost')
  expect(events.filter(({ type }) => type === 'changed')).toHaveLength(1)
})

test('when what happened in between is no longer kept, everything is asked anew', async () => {
  const [owner, shop] = [await openAccount(server.url), await openShop(server.url)]
  const port = await freePort()
  const first = await startTestServer(server.databaseUrl, { ...allowsPrivate, port })
  const { verifier, following, events } = await follow(first.url, shop)
  const [key, other] = [await store(owner, shop), await store(owner, shop)]
  await verifier.verify(key)
  await first.stop()
  await revoke(server.url, owner, key)
  await revoke(server.url, owner, other)
  const administrator = administer(server.databaseUrl)
  await administrator.sql`UPDATE key_changes SET occurred_at = now() - interval '31 days'`
  await settleClock(administrator.sql)
  await administrator.sql`SELECT prune_key_changes(30, 1000)`
  await administrator.close()
  await startAnother(port)
  await expect.poll(() => following.isUpToDate).toBe(true)
  expect(await verifier.verify(key)).toMatchObject({ status: 'revoked', source: 'key-server' })
  expect(events).toContainEqual({ type: 'lost', code: 'CURSOR_EXPIRED' })
}, 30_000)

test('a follower whose key is proved only later begins to follow then, and uses no cache before', async () => {
  const owner = await openAccount(server.url)
  const raw = await createRawKey('ES256')
  const site = await startSite()
  const identity = { url: server.url, applicationServer: site.name, signingKey: await privateJwk(raw) }
  expect(await registerApplicationServer(identity)).toEqual({
    keyId: raw.id,
    proved: false,
    proofFailure: 'NOT_LISTED',
  })
  const verifier = createVerifier({ url: server.url, applicationServer: site.name })
  const events: FollowEvent[] = []
  const following = await followKeyChanges(verifier, { ...identity, onEvent: (event) => events.push(event) })
  ends.push(() => {
    following.close()
  })
  const key = await store(owner, site)
  await expect.poll(() => events).toContainEqual({ type: 'lost', code: 'SIGNATURE_INVALID' })
  await verifier.verify(key)
  expect(await verifier.verify(key)).toMatchObject({ status: 'valid', source: 'key-server' })
  site.answer = listing(raw.id)
  expect(await registerApplicationServer(identity)).toMatchObject({ proved: true, proofFailure: null })
  await expect.poll(() => following.isUpToDate).toBe(true)
  await verifier.verify(key)
  expect(await verifier.verify(key)).toMatchObject({ status: 'valid', source: 'cache' })
  await expect(followKeyChanges(verifier, identity)).rejects.toThrow('follows key changes already')
}, 30_000)

test('a follower with the key of another application server is never up to date, says FORBIDDEN, and uses no cache', async () => {
  const owner = await openAccount(server.url)
  const [shop, other] = [await openShop(server.url), await openShop(server.url)]
  const verifier = createVerifier({ url: server.url, applicationServer: shop.name })
  const events: FollowEvent[] = []
  const following = await followKeyChanges(verifier, {
    signingKey: await privateJwk(other.key),
    onEvent: (event) => events.push(event),
  })
  ends.push(() => {
    following.close()
  })
  await expect.poll(() => events).toContainEqual({ type: 'lost', code: 'FORBIDDEN' })
  const key = await store(owner, shop)
  await verifier.verify(key)
  expect(await verifier.verify(key)).toMatchObject({ status: 'valid', source: 'key-server' })
  expect(following.isUpToDate).toBe(false)
  expect(events).not.toContainEqual({ type: 'followed' })
})

test('while changes are followed a key is believed for minutes, and once that ends no longer than before', async () => {
  const [owner, shop] = [await openAccount(server.url), await openShop(server.url)]
  const { verifier, following } = await follow(server.url, shop, { cacheSeconds: 0 })
  const key = await store(owner, shop)
  await verifier.verify(key)
  expect(await verifier.verify(key)).toMatchObject({ source: 'cache' })
  following.close()
  expect(await verifier.verify(key)).toMatchObject({ source: 'key-server' })
  expect(await verifier.verify(key)).toMatchObject({ source: 'key-server' })
})
