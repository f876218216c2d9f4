import { afterAll, beforeAll, expect, test } from 'vitest'
import { storeOwners } from '../../../bench/support/owners.ts'
import { connectSql } from '../../../server/database/connect.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'

/* Sealing beside the deletion of an account, on a database without servers. */

let database: TestDatabase
let sql: ReturnType<typeof connectSql>

beforeAll(async () => {
  database = await createTestDatabase()
  sql = connectSql(database.url, { max: 3 })
})

afterAll(async () => {
  await sql.end({ timeout: 5 })
  await database.drop()
})

/** An account with an entry that waits to be sealed. */
async function accountWithEntry(): Promise<string> {
  const [owner] = await storeOwners(sql, { count: 1, keysEach: 1 })
  const { accountId, managementKeyId, transactionKeyIds } = owner ?? fail()
  await sql`
    INSERT INTO audit_pending (account_id, occurred_at, action, management_key_id, transaction_key_id)
    VALUES (${accountId}, now(), 'KEY_STORED', ${managementKeyId}, ${transactionKeyIds[0] ?? fail()})`
  return accountId
}

async function rowsLeft(accountId: string): Promise<readonly number[]> {
  const rows = await sql<{ count: number }[]>`
    SELECT (SELECT count(*) FROM audit_chains WHERE account_id = ${accountId})::int AS count
    UNION ALL SELECT (SELECT count(*) FROM audit_pending WHERE account_id = ${accountId})::int
    UNION ALL SELECT (SELECT count(*) FROM audit_entries WHERE account_id = ${accountId})::int`
  return rows.map(({ count }) => count)
}

function fail(): never {
  throw new TypeError('There is none.')
}

test('an account that is deleted while its first entries are sealed leaves nothing', async () => {
  const accountId = await accountWithEntry()
  const deleting = await sql.reserve()
  await deleting`BEGIN`
  await deleting`SELECT delete_account(${accountId})`
  let isSealed = false
  const sealing = sql`SELECT seal_audit_entries(NULL, 100)`.then(() => (isSealed = true))
  // It has ended, or waits for what the deletion holds.
  await expect.poll(async () => isSealed || (await waitingSessions()) === 1).toBe(true)
  await deleting`COMMIT`
  deleting.release()
  await sealing
  expect(await rowsLeft(accountId)).toEqual([0, 0, 0])
})

test('nor does one whose entries are being sealed', async () => {
  const accountId = await accountWithEntry()
  const sealing = await sql.reserve()
  await sealing`BEGIN`
  await sealing`SELECT seal_audit_entries(NULL, 100)`
  const deleting = sql`SELECT delete_account(${accountId})`.execute()
  await expect.poll(waitingSessions).toBe(1)
  await sealing`COMMIT`
  sealing.release()
  await deleting
  expect(await rowsLeft(accountId)).toEqual([0, 0, 0])
})

/** How many sessions wait for a lock of another one. */
async function waitingSessions(): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    SELECT count(*)::int AS count FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`
  return row?.count ?? NaN
}
