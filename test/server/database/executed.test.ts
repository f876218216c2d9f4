import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectDatabases, type Databases } from '../../../server/database/connect.ts'
import { rejectUnexecuted } from '../../../server/database/executed.ts'
import { isConnectionLost } from '../../../server/database/lost-connection.ts'
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

/** What postgres.js resolves a statement with. */
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
