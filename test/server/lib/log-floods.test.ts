import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { createLoggerOn } from '../../../server/lib/log.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function logger() {
  const parsed = z.array(z.record(z.string(), z.unknown()))
  const lines: string[] = []
  const log = createLoggerOn({ write: (line) => void lines.push(line) }, { level: 'trace' })
  return { log, lines: () => parsed.parse(lines.map((line): unknown => JSON.parse(line))) }
}

function lost(code = 'ECONNREFUSED'): Error {
  return Object.assign(new Error('hunter2'), { code })
}

test('after ten lines of a kind in a minute the next are summed up, in one line at its end', () => {
  const { log, lines } = logger()
  for (let count = 0; count < 1_000; count++)
    log.warn({ err: lost(), operation: 'account' }, 'the database is away')
  expect(lines()).toHaveLength(10)
  vi.advanceTimersByTime(60_000)
  expect(lines()).toHaveLength(11)
  expect(lines()[10]).toMatchObject({
    level: 40,
    msg: 'the database is away (summed up)',
    operation: 'account',
    error: 'Error ECONNREFUSED',
    repeated: 990,
    seconds: 60,
  })
  log.warn({ err: lost(), operation: 'account' }, 'the database is away')
  expect(lines()).toHaveLength(12)
})

test('lines of different kinds do not hide each other', () => {
  const { log, lines } = logger()
  for (let count = 0; count < 20; count++) {
    log.warn({ err: lost(), operation: 'account' }, 'away')
    log.warn({ err: lost(), operation: 'wrappedKey' }, 'away')
    log.warn({ err: lost('ETIMEDOUT'), operation: 'account' }, 'away')
    log.error({ err: lost(), operation: 'account' }, 'away')
    log.warn('away')
  }
  expect(lines()).toHaveLength(50)
})

test('a kind that is no flood is written as it is, and leaves no sum', () => {
  const { log, lines } = logger()
  for (let count = 0; count < 10; count++) log.error('failed')
  vi.advanceTimersByTime(120_000)
  expect(lines()).toHaveLength(10)
})

test('lines of requests are never summed up', () => {
  const { log, lines } = logger()
  for (let count = 0; count < 100; count++) log.info({ operation: 'account' }, 'request')
  expect(lines()).toHaveLength(100)
})
