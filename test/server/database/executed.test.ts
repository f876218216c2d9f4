import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectDatabases, connectSql, type Databases } from '../../../server/database/connect.ts'
import { rejectUnexecuted } from '../../../server/database/executed.ts'
import { isConnectionLost } from '../../../server/database/lost-connection.ts'
import { administer, eventually, type Administrator } from '../../support/connections.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'

let database: TestDatabase
let databases: Databases
beforeAll(async () => {
  database = await createTestDatabase()
  databases = connectDatabases({ url: database.url, writeConnectionsMax: 2 })
})
afterAll(async () => {
  await databases.close()
  await database.drop()
})

/** The value that postgres.js resolves a statement with. */
const resultOf = (command: string | null) => Promise.resolve(Object.assign([], { command, count: null }))

test('a statement that was resolved without having been sent is a lost connection, and not an empty answer', async () => {
  await expect(rejectUnexecuted(resultOf(null))).rejects.toSatisfy(isConnectionLost)
  expect(await rejectUnexecuted(resultOf('SELECT'))).toHaveLength(0)
})

test('statements without rows answer as ever, however they are asked', async () => {
  const { sql, db } = databases.writes
  expect(await sql`SELECT 1 AS n WHERE false`).toHaveLength(0)
  expect(await sql`SELECT ${1}::int AS n ${sql`WHERE ${true}`}`.values()).toEqual([[1]])
  expect(await sql.unsafe('UPDATE accounts SET name = name WHERE false')).toMatchObject({ command: 'UPDATE' })
  expect(await sql.unsafe('SELECT 1; SELECT 2')).toHaveLength(2)
  expect(await db.execute('DELETE FROM nonces WHERE false')).toHaveLength(0)
  await expect(sql`SELECT 1 / 0`).rejects.toMatchObject({ code: '22012' })
  await expect(sql`SELECT 1 / 0`.catch(() => 'caught')).resolves.toBe('caught')
})

test('the first statement after a connection that broke within a result has all of its rows, from the first place on', async () => {
  const administrator = administer(database.url)
  const raw = connectSql(database.url, { max: 1 })
  const single = connectDatabases({ url: database.url, writeConnectionsMax: 1 })
  try {
    for (const [pool, places] of [
      // Negative control: the driver itself leaves a hole for each row that it had read.
      [raw, ['1', '2']],
      [single.writes.sql, ['0', '1']],
    ] as const) {
      // Rows are sent once 8 KiB are full, and the result does not end before the connection does.
      const broken = pool`
        SELECT repeat('x', 20000), CASE WHEN n = 2 THEN pg_sleep(30) END FROM generate_series(1, 2) AS n`
      const [outcome] = await Promise.allSettled([broken, endSoon(administrator)])
      expect(outcome).toMatchObject({ status: 'rejected' })
      // A statement before the connection is made anew may fail as well.
      const ask = () => pool`SELECT n FROM generate_series(1, 2) AS n`.catch(() => null)
      let rows = await ask()
      for (let tries = 0; rows === null && tries < 50; tries += 1) rows = await ask()
      expect(Object.keys(rows ?? {}).slice(0, 2)).toEqual(places)
    }
  } finally {
    await Promise.all([raw.end(), single.close(), administrator.close()])
  }
})

/** Ends the server's backend once it sleeps: then its first row is on the way. */
async function endSoon(administrator: Administrator): Promise<void> {
  const isAsleep = async () => {
    const [row] = await administrator.sql`
      SELECT 1 FROM pg_stat_activity WHERE application_name = 'claviger' AND wait_event = 'PgSleep'`
    return row !== undefined
  }
  await eventually(isAsleep, { withinMs: 10_000, what: 'asleep' })
  await administrator.endBackends('claviger')
}
