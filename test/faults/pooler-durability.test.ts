import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { migrate } from '../../server/database/migrate.ts'
import { administer, eventually, type Administrator } from '../support/connections.ts'
import { createTestDatabase, emptyTestDatabase, type TestDatabase } from '../support/database.ts'
import { pgBouncerMissing, startPgBouncer } from '../support/pgbouncer.ts'
import {
  acquire,
  call,
  openAccount,
  storeInput,
  storeKey,
  storeMutation,
  type RawKey,
} from '../support/raw-client.ts'
import { startTestServer, type TestServer, type TestServerOptions } from '../support/server.ts'

if (pgBouncerMissing !== null)
  process.stdout.write(`Skipped, test/poolers/durability: ${pgBouncerMissing}.\n`)

const closings: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closings.splice(0).toReversed()) await close()
})

type Mode = Parameters<typeof startPgBouncer>[1]['mode']

interface Pooled {
  readonly database: TestDatabase
  readonly administrator: Administrator
  readonly pooler: Awaited<ReturnType<typeof startPgBouncer>>
  readonly start: (options?: TestServerOptions) => Promise<TestServer>
}

/** A database behind a PgBouncer. In transaction mode the servers are given its own address for LISTEN. */
async function behindPgBouncer(
  mode: Mode,
  { make = createTestDatabase }: { readonly make?: () => Promise<TestDatabase> } = {},
): Promise<Pooled> {
  const database = await make()
  closings.push(() => database.drop())
  const administrator = administer(database.url)
  closings.push(() => administrator.close())
  const pooler = await startPgBouncer(database.url, { mode })
  closings.push(() => pooler.stop())
  return {
    database,
    administrator,
    pooler,
    start: (options = {}) =>
      startTestServer(pooler.url, {
        ...(mode === 'transaction' && { databaseListenUrl: database.url }),
        ...options,
      }),
  }
}

/** Between two stores of a client: a dozen of them keep the servers busy, and leave the processor to other tests. */
const pauseMs = 40

/** Stores keys, one after another, until it is over. Returns the acknowledged ones. */
async function storeUntil(
  isOver: () => boolean,
  {
    server,
    key,
    onAcknowledged = () => undefined,
  }: { server: () => TestServer; key: RawKey; onAcknowledged?: () => void },
) {
  const acknowledged: string[] = []
  const codes = new Map<unknown, number>()
  while (!isOver()) {
    const input = await storeInput(key)
    const answer = await call(server().url, key, { query: storeMutation, variables: { input } }).catch(
      () => null,
    )
    const code = answer === null ? 'NO ANSWER' : (answer.code ?? 'NONE')
    codes.set(code, (codes.get(code) ?? 0) + 1)
    if (code === 'NONE') {
      acknowledged.push(input.id)
      onAcknowledged()
    }
    await delay(pauseMs)
  }
  return { acknowledged, codes }
}

describe.skipIf(pgBouncerMissing !== null)('behind PgBouncer', () => {
  test.each(['transaction', 'session'] as const)(
    'in %s mode every acknowledged store is in the database, while the pooler, a server and backends are restarted',
    async (mode) => {
      const { administrator, pooler, start } = await behindPgBouncer(mode)
      // In session mode a client keeps a connection of the pool's for itself.
      const options = { databasePoolSize: mode === 'session' ? 2 : 8 }
      const servers = [await start(options), await start(options)] as const
      const running = { first: servers[0], second: servers[1] }
      closings.push(() => running.first.stop())
      closings.push(() => running.second.stop())
      const { key } = await openAccount(running.first.url)
      let isOver = false
      let acknowledgedCount = 0
      const loads = Array.from({ length: 12 }, (_, index) =>
        storeUntil(() => isOver, {
          key,
          server: () => (index % 2 === 0 ? running.first : running.second),
          onAcknowledged: () => (acknowledgedCount += 1),
        }),
      )
      await delay(2_000)
      await pooler.restart()
      await delay(2_000)
      const { port } = running.second
      await running.second.stop()
      running.second = await start({ ...options, port })
      await delay(500)
      await administrator.sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'claviger'`
      await delay(2_500)
      await pooler.restart()
      await delay(2_500)
      // On a busy machine these seconds are too few to show anything.
      await eventually(() => acknowledgedCount > 100, { withinMs: 60_000, what: 'stores enough' })
      isOver = true
      const outcomes = await Promise.all(loads)

      const acknowledged = outcomes.flatMap((outcome) => outcome.acknowledged)
      expect(acknowledged.length).toBeGreaterThan(100)
      const stored = await administrator.sql<{ id: string }[]>`
        SELECT id FROM transaction_keys WHERE id = ANY (${acknowledged}::uuid[])`
      expect(acknowledged.length - stored.length).toBe(0)
      const codes = new Set(outcomes.flatMap((outcome) => [...outcome.codes.keys()]))
      for (const allowed of ['NONE', 'UNAVAILABLE', 'NO ANSWER']) codes.delete(allowed)
      expect([...codes]).toEqual([])
      const logged = [...running.first.logLines, ...running.second.logLines]
      expect(logged.filter((line) => line.includes('a request failed'))).toEqual([])
      // Each server is whole again.
      for (const server of [running.first, running.second]) {
        await eventually(async () => (await fetch(`${server.url}/readyz`)).status === 200, {
          withinMs: 15_000,
          what: 'ready again',
        })
        await storeKey(server.url, key)
      }
    },
    90_000,
  )

  test('acquisitions through two servers are counted exactly in transaction mode', async () => {
    const { administrator, start } = await behindPgBouncer('transaction')
    const servers = [await start(), await start()]
    for (const server of servers) closings.push(() => server.stop())
    const [first] = servers
    if (first === undefined) throw new TypeError('There are two servers.')
    const { key } = await openAccount(first.url)
    const { id } = await storeKey(first.url, key)
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => acquire(servers[index % 2]?.url ?? '', key, { id })),
    )
    expect(answers.map(({ errors }) => errors)).toEqual(answers.map(() => []))
    expect(await administrator.sql`SELECT use_count FROM transaction_key_usage`).toEqual([{ use_count: 40 }])
  }, 60_000)

  test('in transaction mode without DATABASE_LISTEN_URL the server does not start, and says what to set', async () => {
    const { pooler } = await behindPgBouncer('transaction')
    await expect(startTestServer(pooler.url)).rejects.toThrow(/shares sessions.*set DATABASE_LISTEN_URL/)
  }, 60_000)

  test('in statement mode the server does not start, and says what to set', async () => {
    const { database, pooler } = await behindPgBouncer('statement')
    for (const databaseListenUrl of [undefined, database.url]) {
      await expect(startTestServer(pooler.url, { databaseListenUrl })).rejects.toThrow(
        /takes no transactions.*set its pool_mode to transaction or session/,
      )
    }
  }, 60_000)

  test('a DATABASE_LISTEN_URL of another database is refused', async () => {
    const { start } = await behindPgBouncer('transaction')
    const other = await createTestDatabase()
    closings.push(() => other.drop())
    await expect(start({ databaseListenUrl: other.url })).rejects.toThrow(
      'DATABASE_LISTEN_URL leads to another database than DATABASE_URL.',
    )
  }, 60_000)

  test.each(['transaction', 'session'] as const)(
    'in %s mode servers that start at once on an empty database migrate it once and leave no lock behind',
    async (mode) => {
      const { administrator, start } = await behindPgBouncer(mode, { make: emptyTestDatabase })
      const servers = await Promise.all([start({ databasePoolSize: 2 }), start({ databasePoolSize: 2 })])
      for (const server of servers) closings.push(() => server.stop())
      const { key } = await openAccount(servers[0].url)
      await storeKey(servers[1].url, key)
      expect(
        await administrator.sql`SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
          WHERE l.locktype = 'advisory' AND d.datname = current_database()`,
      ).toHaveLength(0)
    },
    120_000,
  )

  test('migrations through the pooler itself leave no lock behind, and can be repeated', async () => {
    const { administrator, pooler } = await behindPgBouncer('transaction', { make: emptyTestDatabase })
    await Promise.all([migrate(pooler.url), migrate(pooler.url)])
    await migrate(pooler.url)
    expect(
      await administrator.sql`SELECT to_regclass('public.transaction_keys') IS NOT NULL AS there`,
    ).toEqual([{ there: true }])
    expect(
      await administrator.sql`SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE l.locktype = 'advisory' AND d.datname = current_database()`,
    ).toHaveLength(0)
  }, 60_000)
})
