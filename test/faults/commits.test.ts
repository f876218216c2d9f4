import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { retryConflicts } from '../../server/database/conflicts.ts'
import { connectDatabases, connectSql, type Databases } from '../../server/database/connect.ts'
import { migrate } from '../../server/database/migrate.ts'
import { NotCommitted, transact } from '../../server/database/transact.ts'
import { runTransaction } from '../../server/database/transaction.ts'
import { administer, type Administrator } from '../support/connections.ts'
import { emptyTestDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let administrator: Administrator
let databases: Databases
beforeAll(async () => {
  database = await emptyTestDatabase()
  administrator = administer(database.url)
  databases = connectDatabases({ url: database.url, writeConnectionsMax: 4 })
  await administrator.sql`CREATE TABLE counters (id integer PRIMARY KEY, n integer NOT NULL)`
})
afterAll(async () => {
  await databases.close()
  await administrator.close()
  await database.drop()
})

test('a transaction to whose COMMIT PostgreSQL answers ROLLBACK is not committed, and rejects', async () => {
  const pool = connectSql(database.url, { max: 1 })
  try {
    const transaction = transact(pool, async (run) => {
      await run((connection) => connection`INSERT INTO counters VALUES (1, 1)`)
      // Fails without anybody learning of it, as a COMMIT does that the backend does not know by its name.
      await run((connection) => connection`SELECT 1 / 0`.catch(() => null))
    })
    await expect(transaction).rejects.toBeInstanceOf(NotCommitted)
    expect(await administrator.sql`SELECT FROM counters WHERE id = 1`).toHaveLength(0)
    // The connection is whole: the next transaction on it is one of its own.
    await transact(pool, (run) => run((connection) => connection`INSERT INTO counters VALUES (1, 2)`))
    expect(await administrator.sql`SELECT n FROM counters WHERE id = 1`).toEqual([{ n: 2 }])
  } finally {
    await pool.end({ timeout: 5 })
  }
})

test('transactions and statements that share a connection one after another never mix', async () => {
  const pool = connectDatabases({ url: database.url, writeConnectionsMax: 1 })
  try {
    await administrator.sql`INSERT INTO counters VALUES (7, 0)`
    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, (_, index) =>
        index % 3 === 0
          ? pool.writes.sql`UPDATE counters SET n = n + 1 WHERE id = 7`
          : runTransaction(pool.writes.db, async (tx) => {
              await tx.execute(sql`UPDATE counters SET n = n + 1 WHERE id = 7`)
              if (index % 3 === 1) throw new Error('rolled back')
            }),
      ),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(40)
    expect(await administrator.sql`SELECT n FROM counters WHERE id = 7`).toEqual([{ n: 40 }])
  } finally {
    await pool.close()
  }
})

test('transactions that lock each other out are repeated until both are done', async () => {
  await administrator.sql`INSERT INTO counters VALUES (2, 0), (3, 0)`
  let attempts = 0
  const addInOrder = (...ids: readonly number[]) =>
    runTransaction(databases.writes.db, async (tx) => {
      attempts++
      for (const id of ids) {
        await tx.execute(sql`UPDATE counters SET n = n + 1 WHERE id = ${id}`)
        await delay(200)
      }
    })
  await Promise.all([addInOrder(2, 3), addInOrder(3, 2)])
  expect(attempts).toBeGreaterThan(2)
  expect(await administrator.sql`SELECT n FROM counters WHERE id IN (2, 3)`).toEqual([{ n: 2 }, { n: 2 }])
})

test('a statement that PostgreSQL gave up for a conflict is repeated', async () => {
  await administrator.sql`CREATE SEQUENCE attempts`
  await administrator.sql.unsafe(`CREATE FUNCTION conflict_twice() RETURNS integer LANGUAGE plpgsql AS $$
    BEGIN
      IF nextval('attempts') < 3 THEN RAISE 'conflict' USING ERRCODE = '40001'; END IF;
      RETURN 1;
    END $$`)
  expect([...(await databases.writes.sql`SELECT conflict_twice() AS n`)]).toEqual([{ n: 1 }])
})

test('conflicts without an end, and other errors at once, are the caller’s', async () => {
  const codes = new Map([
    ['40001', 6],
    ['40P01', 6],
    ['23505', 1],
    ['CONNECTION_CLOSED', 1],
  ])
  for (const [code, attemptsMax] of codes) {
    let attempts = 0
    const failing = retryConflicts(async () => {
      attempts++
      throw new Error('wrapped', { cause: Object.assign(new Error('failed'), { code }) })
    })
    await expect(failing).rejects.toMatchObject({ cause: { code } })
    expect(attempts).toBe(attemptsMax)
  }
})

test('a server that waits for the lock of migrations for too long says so', async () => {
  await administrator.sql.begin(async (tx) => {
    await tx`SELECT pg_advisory_xact_lock(${0x636c_6176_6967_65n.toString()}::bigint)`
    const onWait = vi.fn()
    await expect(migrate(database.url, { lockTimeoutMs: 300, onWait })).rejects.toThrow(
      'Another session holds the lock for migrations',
    )
    expect(onWait).toHaveBeenCalledOnce()
  })
  await migrate(database.url)
  await migrate(database.url)
})
