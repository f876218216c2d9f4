import { expect, test } from 'vitest'
import { CacheTrust } from '../../client/verifier/key-changes/cache-trust.ts'

test('a cache is good for 12 seconds after each word that nothing was missed, and not after a disconnection', () => {
  let ms = 1_000
  const trust = new CacheTrust({ nowMs: () => ms, monotonicMs: () => ms })
  expect(trust.isGood).toBe(true)
  trust.follow(300)
  expect(trust.isGood).toBe(false)
  trust.hear()
  ms += 11_999
  expect(trust.isGood).toBe(true)
  ms += 1
  expect(trust.isGood).toBe(false)
  trust.hear()
  trust.lose()
  expect(trust.isGood).toBe(false)
  trust.unfollow()
  expect([trust.isGood, trust.cacheSeconds]).toEqual([true, null])
})
