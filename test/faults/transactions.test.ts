import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { connectDatabases } from '../../server/database/connect.ts'
import { TransactionOver } from '../../server/database/transact.ts'
import { runTransaction } from '../../server/database/transaction.ts'
import { runScript, type ChildEnd } from '../support/child.ts'
import { administer, eventually, keepDoing, type Administrator } from '../support/connections.ts'
import { emptyTestDatabase, type TestDatabase } from '../support/database.ts'
import type { StormReport } from './transaction-storm.ts'

let database: TestDatabase
let administrator: Administrator
beforeAll(async () => {
  database = await emptyTestDatabase()
  administrator = administer(database.url)
  await administrator.sql`CREATE TABLE storm (transaction_id integer, part integer)`
})
beforeEach(() => administrator.sql`TRUNCATE storm`)
afterAll(async () => {
  await administrator.close()
  await database.drop()
})

/** Runs transactions in a child process, and ends their connections all the while. */
async function storm(mode: 'guarded' | 'plain', durationMs: number): Promise<ChildEnd & { cuts: number }> {
  let cuts = 0
  let rowsAtCut = -1
  const stop = keepDoing(async () => {
    const [row] = await administrator.sql<{ rows: number }[]>`SELECT count(*)::int AS rows FROM storm`
    // Where a machine takes longer for a transaction than cuts are apart, none would ever be through.
    if (row === undefined || row.rows === rowsAtCut) return
    rowsAtCut = row.rows
    cuts += await administrator.endBackends('claviger')
  }, 40)
  try {
    const child = runScript('test/faults/transaction-storm.ts', {
      args: [mode, String(durationMs)],
      env: { DATABASE_URL: database.url },
      timeoutMs: 3 * durationMs + 30_000,
    })
    return { ...(await child.ended), cuts }
  } finally {
    await stop()
  }
}

/** Transactions that are there in part. */
async function halves(): Promise<number[]> {
  const rows = await administrator.sql<{ id: number }[]>`
    SELECT transaction_id AS id FROM storm GROUP BY transaction_id HAVING count(*) <> 3`
  return rows.map(({ id }) => id)
}

test('transactions whose connections keep being ended all settle, and none is committed by half', async () => {
  const { code, signal, output, errors, cuts } = await storm('guarded', 8_000)
  expect({ code, signal, errors }).toEqual({ code: 0, signal: null, errors: '' })
  const report: StormReport = JSON.parse(output)
  // Far fewer than an idle machine makes of them, and enough to be seen where there is no guard.
  expect(cuts).toBeGreaterThan(10)
  expect(report.rejected).toBeGreaterThan(3)
  expect(report.acknowledged.length).toBeGreaterThan(10)
  expect(report.pending).toBe(0)
  expect(report.longestMs).toBeLessThan(12_000)

  expect(await halves()).toEqual([])
  const rows = await administrator.sql<{ id: number }[]>`SELECT DISTINCT transaction_id AS id FROM storm`
  const stored = new Set(rows.map(({ id }) => id))
  expect(report.acknowledged.filter((id) => !stored.has(id))).toEqual([])
}, 90_000)

test('negative control: the same without the guard ends the process, or leaves transactions pending or by half', async () => {
  const { code, errors, output } = await storm('plain', 8_000)
  const hasCrashed = code !== 0 && errors.includes('TypeError')
  const pending = code === 0 ? (JSON.parse(output) as StormReport).pending : 0
  expect(hasCrashed || pending > 0 || (await halves()).length > 0).toBe(true)
}, 90_000)

test('a statement of a lost transaction is refused, also when its connection was made anew meanwhile', async () => {
  const databases = connectDatabases({ url: database.url, writeConnectionsMax: 1 })
  try {
    let refusal: unknown
    const transaction = runTransaction(databases.writes.db, async (tx) => {
      await tx.execute(sql`INSERT INTO storm VALUES (1, 1)`)
      await administrator.endBackends('claviger')
      // Others use the pool meanwhile, so that its connection is there again.
      await eventually(
        () =>
          databases.writes.sql`SELECT 1`.then(
            () => true,
            () => false,
          ),
        {
          withinMs: 10_000,
          what: 'the pool is connected again',
        },
      )
      try {
        await tx.execute(sql`INSERT INTO storm VALUES (1, 2)`)
      } catch (error) {
        refusal = error
      }
    })
    await expect(transaction).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
    await eventually(() => refusal !== undefined, { withinMs: 5_000, what: 'the statement was refused' })
    expect(refusal).toMatchObject({ cause: expect.any(TransactionOver) })
    await delay(200)
    expect(await administrator.sql`SELECT * FROM storm`).toHaveLength(0)
  } finally {
    await databases.close()
  }
})

test('a transaction takes no statement after one that failed, and is rolled back even if the failure was swallowed', async () => {
  const databases = connectDatabases({ url: database.url, writeConnectionsMax: 1 })
  try {
    const refusals: unknown[] = []
    const transaction = runTransaction(databases.writes.db, async (tx) => {
      await tx.execute(sql`INSERT INTO storm VALUES (2, 1)`)
      await tx.execute(sql`SELECT 1 / 0`).catch(() => undefined)
      await tx.execute(sql`INSERT INTO storm VALUES (2, 2)`).catch((error: unknown) => refusals.push(error))
    })
    await expect(transaction).rejects.toMatchObject({ code: '22012' })
    expect(refusals).toMatchObject([{ cause: { name: 'TransactionOver' } }])
    expect(await administrator.sql`SELECT * FROM storm`).toHaveLength(0)
  } finally {
    await databases.close()
  }
})

test('a transaction takes no statement after its end', async () => {
  const databases = connectDatabases({ url: database.url, writeConnectionsMax: 1 })
  try {
    const leaked = await runTransaction(databases.writes.db, async (tx) => [tx])
    await expect(leaked[0]?.execute(sql`INSERT INTO storm VALUES (3, 1)`)).rejects.toThrow()
    expect(await administrator.sql`SELECT * FROM storm`).toHaveLength(0)
  } finally {
    await databases.close()
  }
})
