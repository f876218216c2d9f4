import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test, type TestContext } from 'vitest'
import { isOnCitus } from '../support/citus.ts'
import { administer, eventually } from '../support/connections.ts'
import { createTestDatabase } from '../support/database.ts'
import { pgBouncerMissing, startPgBouncer } from '../support/pgbouncer.ts'
import { acquire, openAccount, storeKey, type RawKey } from '../support/raw-client.ts'
import { startTestServer } from '../support/server.ts'
import { pick, pickEach, pickText, succeed, type Operation } from '../support/operations.ts'

if (pgBouncerMissing !== null) {
  process.stdout.write(`Skipped, test/poolers/settings through a pooler: ${pgBouncerMissing}.\n`)
}

if (isOnCitus) {
  process.stdout.write(
    'Left out on Citus: what synchronous_commit is in a commit. A trigger reads it there.\n',
  )
}

/** Closes something after the test that opened it. Several tests run at once, since each waits for a key to expire. */
type Closing = TestContext['onTestFinished']

const hostile = [
  ["DateStyle = 'SQL, DMY'"],
  ["DateStyle = 'German'"],
  ["DateStyle = 'Postgres, MDY'"],
  ["TimeZone = 'Asia/Kathmandu'"],
  ["default_transaction_isolation = 'serializable'"],
  ["default_transaction_isolation = 'repeatable read'"],
  ['default_transaction_read_only = on'],
  ["search_path = 'elsewhere'"],
  ["search_path = ''"],
  ["lock_timeout = '1ms'"],
  ["statement_timeout = '150ms'"],
  ["idle_session_timeout = '1500ms'"],
  ['standard_conforming_strings = off'],
  ["bytea_output = 'escape'"],
  ["IntervalStyle = 'sql_standard'"],
  ['extra_float_digits = -15'],
  ['array_nulls = off'],
  ["client_encoding = 'LATIN1'"],
  ['row_security = off'],
  ['default_transaction_deferrable = on'],
  ['exit_on_error = on'],
] as const

/** A test database under a setting, for its role or for all of it. Connections that are made from then on have it. */
async function databaseUnder(
  setting: string,
  { of = 'database', closing }: { readonly of?: 'database' | 'role'; readonly closing: Closing },
) {
  const database = await createTestDatabase()
  closing(() => database.drop())
  const administrator = administer(database.url)
  closing(() => administrator.close())
  const { pathname, username } = new URL(database.url)
  const name = pathname.slice(1)
  // A schema with a table of one of our names, which is not ours.
  await administrator.sql.unsafe('CREATE SCHEMA elsewhere CREATE TABLE accounts (id integer)')
  const owner = of === 'database' ? `DATABASE ${name}` : `ROLE ${username} IN DATABASE ${name}`
  await administrator.sql.unsafe(`ALTER ${owner} SET ${setting}`)
  return database
}

const term = { notBefore: '2026-02-03T01:02:03.004Z', expiresAt: '2031-03-05T06:07:08.009Z' }

/** Everything that reads or writes an instant, or meets a concurrent one, through the server at `url`. */
async function expectAllRight(url: string): Promise<void> {
  const { key, name: owner } = await openAccount(url)
  const { id, publicKey, applicationServer } = await storeKey(url, key, { ...term, maxUses: 1 })
  const asked = { query: verification, variables: { input: { owner, applicationServer, publicKey } } }
  const before = Date.now()
  const { verifyPublicKey: found } = await read(url, null, asked)
  expect(found).toMatchObject({ coincides: true, valid: true, state: 'ACTIVE', ...term })
  const checkedAt = Date.parse(pickText(found, 'checkedAt'))
  expect(Math.abs(checkedAt - before)).toBeLessThan(60_000)

  const answers = await Promise.all(Array.from({ length: 20 }, () => acquire(url, key, { id })))
  expect(answers.map(({ errors }) => errors)).toEqual(answers.map(() => []))
  const ending = new Date(Date.now() + 2_000).toISOString()
  const stored = await Promise.all(
    Array.from({ length: 8 }, () => storeKey(url, key, { expiresAt: ending, expiryNotices: [] })),
  )
  const ids = [id, ...stored.map((one) => one.id)]
  expect(await pages(url, key, transactionKeys, 'transactionKeys')).toEqual(ids.toSorted())
  await delay(Math.max(0, Date.parse(ending) - Date.now()))
  await eventually(
    async () => {
      const { account } = await read(url, key, {
        query: '{ account { alerts(first: 50) { edges { node { kind } } } } }',
      })
      const kinds = pickEach(pick(account, 'alerts', 'edges'), 'node', 'kind')
      return kinds.filter((kind) => kind === 'KEY_EXPIRED').length === stored.length
    },
    { withinMs: 10_000, what: 'every key has expired' },
  )
  const alerts = await pages(url, key, alertList, 'alerts')
  expect(alerts.filter((kind) => kind === 'KEY_EXPIRED')).toHaveLength(stored.length)
  expect(alerts).toContain('KEY_OVERUSED')
  const { account } = await read(url, key, {
    query: '{ account { alerts(first: 50) { edges { node { occurredAt } } } } }',
  })
  for (const at of pickEach(pick(account, 'alerts', 'edges'), 'node', 'occurredAt')) {
    expect(Math.abs(Date.parse(String(at)) - Date.now())).toBeLessThan(60_000)
  }
}

const verification = `query ($input: VerifyPublicKeyInput!) { verifyPublicKey(input: $input) {
  coincides valid state notBefore expiresAt checkedAt } }`
const transactionKeys = `query ($after: String) { account { transactionKeys(first: 2, after: $after) {
  edges { node { value: id } } pageInfo { hasNextPage endCursor } } } }`
const alertList = `query ($after: String) { account { alerts(first: 2, after: $after) {
  edges { node { value: kind } } pageInfo { hasNextPage endCursor } } } }`

async function read(url: string, key: RawKey | null, operation: Operation) {
  const data = await succeed(url, key, operation)
  if (typeof data !== 'object' || data === null) throw new TypeError('There is no answer.')
  return Object.fromEntries(Object.entries(data))
}

/** All values of a list, page by page, in the order of their texts. */
async function pages(url: string, key: RawKey, ...[query, list]: [string, string]): Promise<string[]> {
  const values: string[] = []
  let after: string | null = null
  for (let page = 0; page < 20; page++) {
    const { account } = await read(url, key, { query, variables: { after } })
    values.push(...pickEach(pick(account, list, 'edges'), 'node', 'value').map(String))
    if (pick(account, list, 'pageInfo', 'hasNextPage') !== true) return values.toSorted()
    after = pickText(account, list, 'pageInfo', 'endCursor')
  }
  throw new Error('The pages have no end.')
}

/** Turns it off for the role once the server runs, so that its next connections would begin with it. */
async function expectDurable(
  url: string,
  { databaseUrl, closing }: { readonly databaseUrl: string; readonly closing: Closing },
): Promise<void> {
  const { key } = await openAccount(url)
  const administrator = administer(databaseUrl)
  closing(() => administrator.close())
  const { pathname, username } = new URL(databaseUrl)
  await administrator.sql.unsafe(`
    CREATE TABLE elsewhere.seen (synchronous_commit text);
    CREATE FUNCTION elsewhere.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO elsewhere.seen VALUES (current_setting('synchronous_commit'));
      RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER note AFTER INSERT ON transaction_keys DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION elsewhere.note();
    ALTER ROLE ${username} IN DATABASE ${pathname.slice(1)} SET synchronous_commit = off`)
  await administrator.endBackends('claviger')
  await eventually(async () => (await fetch(`${url}/readyz`)).status === 200, {
    withinMs: 15_000,
    what: 'ready again',
  })
  let stored = 0
  const storesThree = async () => {
    // Another connection may still be lost: the owner is told to repeat it then.
    const isStored = await storeKey(url, key).then(
      () => true,
      () => false,
    )
    return isStored && ++stored === 3
  }
  await eventually(storesThree, { withinMs: 15_000, what: 'three keys are stored' })
  const seen = await administrator.sql`SELECT DISTINCT synchronous_commit FROM elsewhere.seen`
  expect([...seen]).toEqual([{ synchronous_commit: 'on' }])
}

describe('on a direct connection', { concurrent: true }, () => {
  test.for(hostile)(
    '%s of the database changes nothing',
    { timeout: 60_000 },
    async ([setting], { onTestFinished: closing }) => {
      const database = await databaseUnder(setting, { closing })
      const server = await startTestServer(database.url, { databasePoolSize: 4 })
      closing(() => server.stop())
      await expectAllRight(server.url)
    },
  )

  test("what the address sets does not go before the server's own settings", async ({
    onTestFinished: closing,
  }) => {
    const database = await databaseUnder("DateStyle = 'German'", { of: 'role', closing })
    const url = new URL(database.url)
    url.searchParams.set('datestyle', 'SQL, DMY')
    const server = await startTestServer(url.href)
    closing(() => server.stop())
    await expectAllRight(server.url)
  }, 60_000)
})

test.concurrent(
  'synchronous_commit = off of the database is refused at start',
  async ({ onTestFinished: closing }) => {
    const { url } = await databaseUnder('synchronous_commit = off', { closing })
    await expect(startTestServer(url)).rejects.toThrow('synchronous_commit = off')
  },
  60_000,
)

test.skipIf(isOnCitus).concurrent(
  'synchronous_commit that is turned off while the server runs holds for none of its commits',
  async ({ onTestFinished: closing }) => {
    const { url } = await databaseUnder("DateStyle = 'ISO'", { closing })
    const server = await startTestServer(url)
    closing(() => server.stop())
    await expectDurable(server.url, { databaseUrl: url, closing })
  },
  60_000,
)

describe.skipIf(pgBouncerMissing !== null)(
  'through PgBouncer in transaction mode',
  { concurrent: true },
  () => {
    async function startUnder(setting: string, closing: Closing) {
      const database = await databaseUnder(setting, { closing })
      const pooler = await startPgBouncer(database.url, { mode: 'transaction' })
      closing(() => pooler.stop())
      const server = await startTestServer(pooler.url, {
        databaseListenUrl: database.url,
        databasePoolSize: 4,
      })
      closing(() => server.stop())
      return { server, pooler, database }
    }

    test.for(hostile)(
      '%s of the database changes nothing',
      { timeout: 60_000 },
      async ([setting], { onTestFinished: closing }) => {
        const { server } = await startUnder(setting, closing)
        await expectAllRight(server.url)
      },
    )

    test('a setting that the role is given while the server runs changes nothing', async ({
      onTestFinished: closing,
    }) => {
      const { server, pooler, database } = await startUnder("DateStyle = 'ISO'", closing)
      const administrator = administer(database.url)
      closing(() => administrator.close())
      const { pathname, username } = new URL(database.url)
      for (const setting of ["DateStyle = 'SQL, DMY'", "default_transaction_isolation = 'serializable'"]) {
        await administrator.sql.unsafe(
          `ALTER ROLE ${username} IN DATABASE ${pathname.slice(1)} SET ${setting}`,
        )
      }
      await pooler.restart()
      await eventually(async () => (await fetch(`${server.url}/readyz`)).status === 200, {
        withinMs: 15_000,
        what: 'ready again',
      })
      await expectAllRight(server.url)
    }, 60_000)

    test.skipIf(isOnCitus)(
      'synchronous_commit that is turned off while the server runs holds for none of its commits',
      async ({ onTestFinished: closing }) => {
        const { server, database } = await startUnder("DateStyle = 'ISO'", closing)
        await expectDurable(server.url, { databaseUrl: database.url, closing })
      },
      60_000,
    )

    test.for([["statement_timeout = '1ms'"], ["idle_in_transaction_session_timeout = '1ms'"]] as const)(
      '%s cannot be pinned, and the server does not start',
      { timeout: 60_000 },
      async ([setting], { onTestFinished: closing }) => {
        await expect(startUnder(setting, closing)).rejects.toThrow(/_timeout.* too short/)
      },
    )
  },
)
