import { setImmediate, setTimeout } from 'node:timers/promises'
import type postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectSql } from '../../server/database/connect.ts'
import { createRenewedPool } from '../../server/database/renewed-pool.ts'
import { administer, eventually, keepDoing, type Administrator } from '../support/connections.ts'
import { emptyTestDatabase, type TestDatabase } from '../support/database.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

let database: TestDatabase
let administrator: Administrator
beforeAll(async () => {
  database = await emptyTestDatabase()
  administrator = administer(database.url)
})
afterAll(async () => {
  await administrator.close()
  await database.drop()
})

const connectionsOf = async () =>
  (
    await administrator.sql<{ pid: number }[]>`
      SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'claviger' ORDER BY pid`
  ).map(({ pid }) => pid)

test('a pool that has lost one connection is replaced as a whole, and leaves none behind', async () => {
  const pool = createRenewedPool((onclose) => connectSql(database.url, { max: 3, onclose }))
  try {
    await Promise.all(Array.from({ length: 3 }, () => pool.sql`SELECT pg_sleep(0.1)`))
    const before = await connectionsOf()
    expect(before).toHaveLength(3)
    await administrator.sql`SELECT pg_terminate_backend(${before[0] ?? 0}::integer)`
    await eventually(async () => (await connectionsOf()).every((pid) => !before.includes(pid)), {
      withinMs: 5_000,
      what: 'the old connections are gone',
    })
    expect(await pool.sql`SELECT 1 AS one`).toEqual([{ one: 1 }])
  } finally {
    await pool.end({ timeoutSeconds: 1 })
  }
  await eventually(async () => (await connectionsOf()).length === 0, {
    withinMs: 5_000,
    what: 'all are closed',
  })
})

test('what is under way on the other connections of a lost pool finishes', async () => {
  const pool = createRenewedPool((onclose) => connectSql(database.url, { max: 2, onclose }))
  try {
    await Promise.all(Array.from({ length: 2 }, () => pool.sql`SELECT pg_sleep(0.1)`))
    const long = pool.sql`SELECT pg_sleep(2), pg_backend_pid() AS pid`.then(
      ([row]) => row?.['pid'] as unknown,
    )
    const short = pool.sql`SELECT pg_backend_pid() AS pid`
    const [row] = await short
    await administrator.sql`SELECT pg_terminate_backend(${Number(row?.['pid'])}::integer)`
    expect(await long).toBeTypeOf('number')
  } finally {
    await pool.end({ timeoutSeconds: 1 })
  }
})

interface AnswerCounts {
  answered: number
  failed: number
  wrong: number
  silent: number
}

/**
 * Asks for numbers through connections that keep being reset, at the times that a server does: for three seconds at least,
 * and on a busy machine until what happened `isEnough`, for 15 at most.
 */
async function askUnderResets(
  open: (url: string) => { sql: postgres.Sql; end: () => Promise<void> },
  isEnough: (counts: AnswerCounts) => boolean,
): Promise<AnswerCounts> {
  const proxy = await startTcpProxy(database.url)
  const pool = open(proxy.url)
  const stop = keepDoing(async () => {
    proxy.reset()
  }, 100)
  const counts: AnswerCounts = { answered: 0, failed: 0, wrong: 0, silent: 0 }
  const began = performance.now()
  const goesOn = () => {
    const passedMs = performance.now() - began
    return counts.silent === 0 && passedMs < (isEnough(counts) ? 3_000 : 15_000)
  }
  await Promise.all(
    Array.from({ length: 20 }, async (_, asker) => {
      for (let number = asker; goesOn(); number += 20) {
        await setImmediate()
        const answer = pool.sql`SELECT ${number}::int AS number`.then(
          ([row]) => (row?.['number'] === number ? 'answered' : 'wrong'),
          () => 'failed' as const,
        )
        const late = new AbortController()
        counts[await Promise.race([answer, setTimeout(8_000, 'silent' as const, { signal: late.signal })])]++
        late.abort()
      }
    }),
  )
  await stop()
  await pool.end()
  await proxy.close()
  return counts
}

test('of statements on connections that keep being reset each is answered, with its own answer or an error', async () => {
  const counts = await askUnderResets(
    (url) => {
      const pool = createRenewedPool((onclose) => connectSql(url, { max: 3, onclose }))
      return { sql: pool.sql, end: () => pool.end({ timeoutSeconds: 1 }) }
    },
    ({ answered, failed }) => answered > 20 && failed > 20,
  )
  expect(counts).toMatchObject({ wrong: 0, silent: 0 })
  expect(counts.answered).toBeGreaterThan(20)
  expect(counts.failed).toBeGreaterThan(20)
}, 60_000)

test('negative control: without the replacement some are never answered', async () => {
  const counts = await askUnderResets(
    (url) => {
      const sql = connectSql(url, { max: 3 })
      return { sql, end: () => sql.end({ timeout: 1 }) }
    },
    ({ silent }) => silent > 0,
  )
  expect(counts.silent).toBeGreaterThan(0)
}, 60_000)

test('a pool whose network is gone silently is replaced, and what waited on it is answered with an error', async () => {
  const proxy = await startTcpProxy(database.url)
  const pool = createRenewedPool((onclose) => connectSql(proxy.url, { max: 1, onclose }), {
    everyMs: 200,
    timeoutMs: 800,
  })
  try {
    await pool.sql`SELECT 1`
    proxy.blackHole()
    // As a promise: a statement of postgres.js begins when it is awaited.
    const waiting = pool.sql`SELECT 2`.then((rows) => rows.length)
    await expect(waiting).rejects.toMatchObject({ code: 'CONNECTION_DESTROYED' })
    expect(await pool.sql`SELECT 3 AS three`).toEqual([{ three: 3 }])
  } finally {
    await pool.end({ timeoutSeconds: 1 })
    await proxy.close()
  }
})

test('arrays of texts are sent as they are', async () => {
  const pool = createRenewedPool((onclose) => connectSql(database.url, { max: 1, onclose }))
  const texts = ['', 'a,b', '{}', '"', '\\', "'", 'NULL', ' ', 'é\n', '\\"']
  try {
    const rows = await pool.sql`SELECT unnest(${texts}::text[]) AS text`
    expect(rows.map(({ text }) => text as unknown)).toEqual(texts)
  } finally {
    await pool.end({ timeoutSeconds: 1 })
  }
})
