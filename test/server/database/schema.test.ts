import { afterEach, expect, test } from 'vitest'
import { administer } from '../../support/connections.ts'
import { createTestDatabase, emptyTestDatabase } from '../../support/database.ts'
import { acquire, openAccount, storeKey } from '../../support/raw-client.ts'
import { startTestServer } from '../../support/server.ts'

const closings: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closings.splice(0).toReversed()) await close()
})

async function prepare(make: typeof createTestDatabase, statement: string) {
  const database = await make()
  closings.push(() => database.drop())
  const administrator = administer(database.url)
  closings.push(() => administrator.close())
  await administrator.sql.unsafe(
    statement.replaceAll('DATABASE_NAME', new URL(database.url).pathname.slice(1)),
  )
  return { database, administrator }
}

async function expectServed(url: string): Promise<void> {
  const { key } = await openAccount(url)
  const { id } = await storeKey(url, key)
  expect((await acquire(url, key, { id })).errors).toEqual([])
}

test('in a database whose search path names another schema than public, everything is in that one, also at the next start', async () => {
  const { database, administrator } = await prepare(
    emptyTestDatabase,
    `CREATE SCHEMA "Key store";
     ALTER DATABASE DATABASE_NAME SET search_path = "Key store";
     REVOKE CREATE ON SCHEMA public FROM public`,
  )
  for (let start = 0; start < 2; start++) {
    const server = await startTestServer(database.url)
    await expectServed(server.url)
    await server.stop()
  }
  const schemas = await administrator.sql`
    SELECT DISTINCT n.nspname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'`
  expect([...schemas]).toEqual([{ name: 'Key store' }])
})

test('a search path that is set later, to a schema without the tables, moves nothing', async () => {
  const { database, administrator } = await prepare(
    createTestDatabase,
    'CREATE SCHEMA elsewhere; ALTER DATABASE DATABASE_NAME SET search_path = elsewhere, public',
  )
  const server = await startTestServer(database.url)
  closings.push(() => server.stop())
  await expectServed(server.url)
  expect(
    await administrator.sql`SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'elsewhere'`,
  ).toHaveLength(0)
})

test('a database that the migrator of Drizzle has kept its journal in is not migrated again', async () => {
  const { database, administrator } = await prepare(
    createTestDatabase,
    'CREATE SCHEMA drizzle; ALTER TABLE __drizzle_migrations SET SCHEMA drizzle',
  )
  const server = await startTestServer(database.url)
  closings.push(() => server.stop())
  await expectServed(server.url)
  expect(await administrator.sql`SELECT to_regclass('public.__drizzle_migrations') AS there`).toEqual([
    { there: null },
  ])
})
