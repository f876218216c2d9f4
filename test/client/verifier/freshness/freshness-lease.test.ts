import { expect, test } from 'vitest'
import { FreshnessLease } from '../../../../client/verifier/freshness/freshness-lease.ts'

test('a cache is good for 12 seconds after each word that nothing was missed, and not after a disconnection', () => {
  let ms = 1_000
  const trust = new FreshnessLease({ nowMs: () => ms, monotonicMs: () => ms })
  expect(trust.isFresh).toBe(true)
  trust.follow(300)
  expect(trust.isFresh).toBe(false)
  trust.renew()
  ms += 11_999
  expect(trust.isFresh).toBe(true)
  ms += 1
  expect(trust.isFresh).toBe(false)
  trust.renew()
  trust.expire()
  expect(trust.isFresh).toBe(false)
  trust.unfollow()
  expect([trust.isFresh, trust.cacheSeconds]).toEqual([true, null])
})
