import type { ServerResponse } from 'node:http'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { FetchLimiter } from '../../../server/application-servers/fetch-limiter.ts'
import { createRawKey, type GraphQLAnswer, type RawKey } from '../../support/raw-client.ts'
import { startWorlds, type TestServer } from '../../support/server.ts'
import { RawEvents } from '../../support/socket.ts'
import {
  keyChangesSubscription,
  listing,
  register,
  startSite,
  type ShopSite,
} from '../../support/key-changes.ts'

let servers: TestServer[]
let url: string
let otherUrl: string
beforeAll(async () => {
  servers = await startWorlds(2, { allowsPrivateApplicationServers: true })
  ;[url = '', otherUrl = ''] = servers.map((server) => server.url)
})
afterAll(async () => {
  for (const server of servers.toReversed()) await server.stop()
})

const held: ServerResponse[] = []
afterEach(() => {
  for (const response of held.splice(0)) response.destroy()
})

/** A site that keeps who asks waiting. */
async function startSlowSite(): Promise<ShopSite> {
  const site = await startSite()
  site.answer = (response) => held.push(response)
  return site
}

function outcomeOf({ data, code }: GraphQLAnswer): unknown {
  return code ?? data?.['registerApplicationServer']
}

async function mayFollow(key: RawKey): Promise<boolean> {
  const events = await RawEvents.open(url, key, { query: keyChangesSubscription })
  const { data } = JSON.parse((await events.next()).data)
  await events.close()
  return Boolean(data)
}

test('a document that was asked for before another one proves and revokes nothing after it, also on another server', async () => {
  const [old, next] = [await createRawKey(), await createRawKey()]
  const site = await startSite(old.id)
  await register(url, old, site.name)
  expect(await mayFollow(old)).toBe(true)
  // Somebody with the old key asks just before the list changes, and this one answer is slow.
  site.answer = (response) => held.push(response)
  const late = register(url, old, site.name)
  await expect.poll(() => held).toHaveLength(1)
  site.answer = listing(next.id)
  expect(outcomeOf(await register(otherUrl, next, site.name))).toMatchObject({ proved: true })
  expect(await mayFollow(old)).toBe(false)
  for (const response of held.splice(0)) listing(old.id)(response)
  expect(outcomeOf(await late)).toMatchObject({ proved: false, proofFailure: 'NOT_LISTED' })
  expect(await mayFollow(old)).toBe(false)
  expect(await mayFollow(next)).toBe(true)
})

test('a document that is being fetched is not taken for a later registration: it gets the next one', async () => {
  const [old, next] = [await createRawKey(), await createRawKey()]
  const site = await startSlowSite()
  const first = register(url, old, site.name)
  await expect.poll(() => held).toHaveLength(1)
  const second = register(url, next, site.name)
  for (const response of held.splice(0)) listing(old.id)(response)
  // The next answer revokes this key.
  expect(outcomeOf(await first)).toMatchObject({ proved: true })
  await expect.poll(() => held).toHaveLength(1)
  for (const response of held.splice(0)) listing(next.id)(response)
  expect(outcomeOf(await second)).toMatchObject({ proved: true })
  expect(await mayFollow(old)).toBe(false)
})

test('a site is asked once at a time by a server, however many register; those who wait share the next answer', async () => {
  const keys = await Promise.all(Array.from({ length: 10 }, () => createRawKey()))
  const [first, ...others] = keys
  const site = await startSlowSite()
  const registrations = [register(url, first ?? (await createRawKey()), site.name)]
  await expect.poll(() => held).toHaveLength(1)
  registrations.push(...others.map((key) => register(url, key, site.name)))
  const another = await createRawKey()
  const anotherSite = await startSite(another.id)
  expect(outcomeOf(await register(url, another, anotherSite.name))).toMatchObject({ proved: true })
  expect(site.requests).toHaveLength(1)
  let underWay = 0
  let mostUnderWay = 0
  const answer = listing(...keys.map(({ id }) => id))
  site.answer = (response) => {
    mostUnderWay = Math.max(mostUnderWay, ++underWay)
    setTimeout(() => {
      underWay--
      answer(response)
    }, 30)
  }
  for (const response of held.splice(0)) answer(response)
  for (const registration of registrations) {
    expect(outcomeOf(await registration)).toMatchObject({ proved: true })
  }
  expect(mostUnderWay).toBe(1)
  expect(site.requests.length).toBeLessThan(keys.length)
})

test('slow sites of strangers keep nobody out: the oldest of them gives way, and is RATE_LIMITED', async () => {
  const slow = await Promise.all(Array.from({ length: 33 }, () => startSlowSite()))
  const strangers = slow.map(async ({ name }) => outcomeOf(await register(url, await createRawKey(), name)))
  const displaced = Promise.race(strangers)
  expect(await displaced).toBe('RATE_LIMITED')
  const honest = await createRawKey()
  const site = await startSite(honest.id)
  // As another site: by a name, and not by the address of the others.
  const name = site.name.replace('127.0.0.1', 'localhost')
  expect(outcomeOf(await register(url, honest, name))).toMatchObject({ proved: true })
  for (const response of held.splice(0)) response.destroy()
  const outcomes = await Promise.all(strangers)
  expect(outcomes.filter((outcome) => outcome === 'RATE_LIMITED')).toHaveLength(2)
}, 30_000)

test('a site that has many places gives way before one that has few, and names below a domain are one site', () => {
  const places = new FetchLimiter(3)
  const take = (origin: string) => places.acquire(new URL(origin), '192.0.2.1').displaced
  const honest = take('https://honest.test')
  const strangers = [take('https://a.strangers.example'), take('https://b.strangers.example')]
  const isDisplaced = () => [honest, ...strangers].map(({ aborted }) => aborted)
  expect(isDisplaced()).toEqual([false, false, false])
  strangers.push(take('https://c.strangers.example:444'))
  expect(isDisplaced()).toEqual([false, true, false, false])
  strangers.push(take('https://strangers.example'))
  expect(isDisplaced()).toEqual([false, true, true, false, false])
})

test('a client that names many sites at once displaces its own, and nobody at another address', () => {
  const places = new FetchLimiter(32)
  const honest = places.acquire(new URL('https://honest.test'), '192.0.2.1').displaced
  const flood = Array.from(
    { length: 200 },
    (_, number) => places.acquire(new URL(`https://198.51.100.${String(number)}`), '2001:db8::/64').displaced,
  )
  expect(honest.aborted).toBe(false)
  expect(flood.filter(({ aborted }) => !aborted)).toHaveLength(31)
})
