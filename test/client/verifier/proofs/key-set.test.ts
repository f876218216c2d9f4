import { expect, test } from 'vitest'
import { fetchedKeySet } from '../../../../client/verifier/proofs/key-set.ts'
import { createSigner } from '../../../schema/wire/signatures/signers.ts'

const [first, second, unknown] = await Promise.all([
  createSigner('ed25519'),
  createSigner('ed25519'),
  createSigner('ed25519'),
])

/** A key server whose keys can be changed, and what was fetched from it. */
function createWorld() {
  let ms = 0
  const keys: object[] = [first.jwk]
  const requests: Headers[] = []
  const keySet = fetchedKeySet({
    origin: 'https://keys.example',
    fetch: async (_input, init) => {
      requests.push(new Headers(init?.headers))
      await new Promise((resolve) => setTimeout(resolve, 5))
      return Response.json({ keys })
    },
    timeoutMs: 1000,
    monotonicMs: () => ms,
  })
  const pass = (seconds: number) => {
    ms += seconds * 1000
  }
  return { keys, requests, keySet, pass }
}

test('a key set is fetched once in five minutes', async () => {
  const world = createWorld()
  await Promise.all([world.keySet(first.keyid), world.keySet(first.keyid)])
  world.pass(299)
  expect(await world.keySet(first.keyid)).toEqual(first.jwk)
  expect(world.requests).toHaveLength(1)
  world.pass(1)
  await world.keySet(first.keyid)
  expect(world.requests).toHaveLength(2)
})

test('after a rotation every one of many answers by the new key finds it, by one request past all caches', async () => {
  const world = createWorld()
  await world.keySet(first.keyid)
  world.pass(60)
  world.keys.unshift(second.jwk)
  const found = await Promise.all(Array.from({ length: 10 }, () => world.keySet(second.keyid)))
  expect(found).toEqual(found.map(() => second.jwk))
  expect(world.requests.map((headers) => headers.get('cache-control'))).toEqual([null, 'no-cache'])
})

test('an unknown key makes the set fetched anew once in ten seconds, whoever signs how much', async () => {
  const world = createWorld()
  await world.keySet(first.keyid)
  world.pass(10)
  for (let round = 0; round < 5; round++) expect(await world.keySet(unknown.keyid)).toBeNull()
  expect(world.requests).toHaveLength(2)
  world.pass(10)
  expect(await world.keySet(unknown.keyid)).toBeNull()
  expect(world.requests).toHaveLength(3)
})
