import { expect, test } from 'vitest'
import { isLastAttempt, retryDelayMs } from '../../../server/webhooks/backoff.ts'

const secondMs = 1_000
const hourMs = 3_600 * secondMs
const dayMs = 24 * hourMs

test('the bound of the delay doubles from 5 seconds to an hour', () => {
  const bounds = Array.from({ length: 14 }, (_, index) => retryDelayMs(index + 1, 1) / secondMs)
  expect(bounds).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600, 3600])
  expect(retryDelayMs(5_000, 1)).toBe(hourMs)
})

test('the delay is anywhere between nothing and its bound', () => {
  expect([0, 0.25, 0.5, 1].map((random) => retryDelayMs(3, random))).toEqual([0, 5_000, 10_000, 20_000])
})

test('a receiver that takes nothing is tried for three days, and then the alert is a dead letter', () => {
  const occurredAt = new Date('2030-01-01T00:00:00.000Z')
  let now = occurredAt
  let failingSince: Date | null = null
  let failures = 0
  while (!isLastAttempt({ now, failingSince, occurredAt })) {
    failures++
    failingSince ??= now
    now = new Date(now.getTime() + retryDelayMs(failures, 1))
  }
  expect(now.getTime() - occurredAt.getTime()).toBeGreaterThanOrEqual(3 * dayMs)
  expect(now.getTime() - occurredAt.getTime()).toBeLessThanOrEqual(3 * dayMs + hourMs)
  expect(failures).toBeLessThan(100)
})

test('an old alert whose receiver has only begun to fail is tried again', () => {
  const now = new Date('2030-01-10T00:00:00.000Z')
  const occurredAt = new Date('2030-01-01T00:00:00.000Z')
  expect(isLastAttempt({ now, failingSince: null, occurredAt })).toBe(false)
  expect(isLastAttempt({ now, failingSince: new Date(now.getTime() - dayMs), occurredAt })).toBe(false)
})

test('a new alert of a receiver that has failed for long is tried for three days of its own', () => {
  const now = new Date('2030-01-10T00:00:00.000Z')
  const failingSince = new Date('2030-01-01T00:00:00.000Z')
  expect(isLastAttempt({ now, failingSince, occurredAt: new Date(now.getTime() - dayMs) })).toBe(false)
  expect(isLastAttempt({ now, failingSince, occurredAt: new Date(now.getTime() - 3 * dayMs) })).toBe(true)
})
