import { assert, integer, array, property, record } from 'fast-check'
import { expect, test } from 'vitest'
import { RateLimiter } from '../../../server/rate-limits/rate-limiter.ts'

function limiterAt(limit: { count: number; seconds: number }) {
  const clock = { ms: 1_000_000 }
  return { clock, limiter: new RateLimiter(limit, { now: () => clock.ms }) }
}

test('so many are granted at once, and then one whenever one is refilled', () => {
  const { clock, limiter } = limiterAt({ count: 3, seconds: 30 })
  for (let taken = 0; taken < 3; taken++) {
    expect(limiter.waitOf('a')).toBe(0)
    limiter.take('a')
  }
  expect(limiter.waitOf('a')).toBe(10)
  expect(limiter.waitOf('b')).toBe(0)
  clock.ms += 9_999
  expect(limiter.waitOf('a')).toBeCloseTo(0.001)
  clock.ms += 1
  expect(limiter.waitOf('a')).toBe(0)
  limiter.take('a')
  expect(limiter.waitOf('a')).toBe(10)
})

test('what costs more than the whole limit is granted when nothing else was taken', () => {
  const { clock, limiter } = limiterAt({ count: 10, seconds: 10 })
  expect(limiter.waitOf('a', 50)).toBe(0)
  limiter.take('a', 50)
  expect(limiter.waitOf('a', 1)).toBe(1)
  clock.ms += 10_000
  expect(limiter.waitOf('a', 50)).toBe(0)
})

test('whatever is asked for and when, no more is granted than at once and refilled together', () => {
  const asked = array(record({ afterMs: integer({ min: 0, max: 5_000 }), cost: integer({ min: 1, max: 5 }) }))
  assert(
    property(asked, (questions) => {
      const { clock, limiter } = limiterAt({ count: 5, seconds: 10 })
      const startedMs = clock.ms
      let granted = 0
      for (const { afterMs, cost } of questions) {
        clock.ms += afterMs
        if (limiter.waitOf('a', cost) > 0) continue
        limiter.take('a', cost)
        granted += cost
        expect(granted).toBeLessThanOrEqual(5 + ((clock.ms - startedMs) / 1000) * 0.5)
      }
    }),
  )
})
