import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fillKeys } from '../../bench/support/fill.ts'
import { sweepDeadlines } from '../../server/alerts/deadlines.ts'
import { connectDatabases, type Databases } from '../../server/database/connect.ts'
import { administer, eventually, type Administrator } from '../support/connections.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { startTestServer } from '../support/server.ts'

const keys = 50_000
const dueAtOnce = 10_000
const daySeconds = 86_400

let database: TestDatabase
let administrator: Administrator
let databases: Databases

beforeAll(async () => {
  database = await createTestDatabase()
  administrator = administer(database.url)
  databases = connectDatabases({ url: database.url, writeConnectionsMax: 4 })
  await fillKeys(administrator.sql, {
    accounts: 500,
    keys,
    expiresInSeconds: 30 * daySeconds,
    spreadSeconds: 300 * daySeconds,
  })
}, 60_000)

afterAll(async () => {
  await databases.close()
  await administrator.close()
  await database.drop()
})

describe('a sweep with nothing due', () => {
  test.each(['force_generic_plan', 'force_custom_plan'])(
    'reads the index of due times, with %s',
    async (mode) => {
      const plan = await planOf(await dueQuery(), mode)
      expect(plan).toContain('Index Scan using deadlines_due on deadlines')
      expect(plan).not.toContain('Seq Scan')
    },
  )

  test('reads the index of what was taken, to arm it again', async () => {
    const plan = await planOf(await dueQuery('taken'), 'force_generic_plan')
    expect(plan).toContain('Index Scan using deadlines_taken on deadlines')
    expect(plan).not.toContain('Seq Scan')
  })

  test('would be found out without the index (negative control)', async () => {
    const query = (await dueQuery()).replace('ORDER BY due_at', 'ORDER BY expires_at')
    expect(await planOf(query.replace('due_at <= $1', 'expires_at <= $1'), 'force_generic_plan')).toContain(
      'Seq Scan',
    )
  })

  test('touches a handful of pages, however many keys there are', async () => {
    await administrator.sql`VACUUM deadlines`
    expect(await pagesOf(await dueQuery())).toBeLessThanOrEqual(5)
  })
})

test('a sweep tells when the next deadline is due, and finds that by the index', async () => {
  const plan = await planOf('SELECT min(due_at) FROM deadlines WHERE taken_at IS NULL', 'force_custom_plan')
  expect(plan).toMatch(/Index (?:Only )?Scan using deadlines_due on deadlines/)
  const [next] = await administrator.sql<{ ms: number }[]>`
    SELECT (extract(epoch FROM min(due_at) - now()) * 1000)::float8 AS ms FROM deadlines WHERE taken_at IS NULL`
  const told = await sweepDeadlines(databases)
  expect(told).toBeLessThanOrEqual(next?.ms ?? NaN)
  expect(told).toBeGreaterThan((next?.ms ?? NaN) - 60_000)
})

test('an alert is stored within a second of its due time', async () => {
  const server = await startTestServer(database.url)
  const lags: number[] = []
  for (let round = 0; round < 5; round++) {
    const [due] = await administrator.sql<{ due: Date; id: string }[]>`
      UPDATE deadlines SET due_at = now() + interval '700 ms', expires_at = now() + interval '700 ms'
      WHERE (account_id, transaction_key_id) = (SELECT account_id, transaction_key_id FROM deadlines WHERE taken_at IS NULL LIMIT 1)
      RETURNING due_at AS due, transaction_key_id AS id`
    const id = due?.id ?? ''
    const stored = async () =>
      administrator.sql<{ at: Date }[]>`SELECT occurred_at AS at FROM alerts WHERE transaction_key_id = ${id}`
    await eventually(async () => (await stored()).length > 0, { withinMs: 5_000, what: 'the alert' })
    const [alert] = await stored()
    lags.push((alert?.at.getTime() ?? NaN) - (due?.due.getTime() ?? NaN))
  }
  await server.stop()
  for (const lag of lags) {
    expect(lag).toBeGreaterThanOrEqual(0)
    expect(lag).toBeLessThan(1_000)
  }
})

test('10,000 that are due at the same moment are stored within 10 seconds by two servers, each once', async () => {
  const before = await countAlerts()
  const dueAt = await administrator.sql<{ count: number }[]>`
    WITH chosen AS (SELECT account_id, transaction_key_id FROM deadlines
      WHERE taken_at IS NULL ORDER BY random() LIMIT ${dueAtOnce})
    UPDATE deadlines d SET due_at = now() + interval '3 s', expires_at = now() + interval '3 s'
    FROM chosen WHERE d.account_id = chosen.account_id AND d.transaction_key_id = chosen.transaction_key_id`
  expect(dueAt.count).toBe(dueAtOnce)
  const servers = await Promise.all([startTestServer(database.url), startTestServer(database.url)])
  await eventually(async () => (await countAlerts()) >= before + dueAtOnce, {
    withinMs: 20_000,
    what: 'all alerts',
  })
  const [row] = await administrator.sql<{ latest_ms: number; distinct_keys: number; alerts: number }[]>`
    SELECT max(extract(epoch FROM occurred_at - (details ->> 'expiresAt')::timestamptz) * 1000)::float8 AS latest_ms,
      count(DISTINCT transaction_key_id)::int AS distinct_keys, count(*)::int AS alerts FROM alerts`
  // Nothing is left to take, and so nothing comes twice.
  expect(await sweepDeadlines(databases)).toBeGreaterThan(0)
  await Promise.all(servers.map((server) => server.stop()))
  expect(row?.latest_ms).toBeLessThan(10_000)
  expect(row?.distinct_keys).toBe(row?.alerts)
  expect(await countAlerts()).toBe(before + dueAtOnce)
  await expectNoGaps()
}, 60_000)

test('servers that sweep at once take each deadline once', async () => {
  const before = await countAlerts()
  await administrator.sql`
    UPDATE deadlines SET due_at = now() WHERE (account_id, transaction_key_id) IN (
      SELECT account_id, transaction_key_id FROM deadlines WHERE taken_at IS NULL ORDER BY random() LIMIT 5000)`
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      while ((await sweepDeadlines(databases)) === true);
    }),
  )
  // A sweep that met locked rows took fewer, and left the rest to the others.
  while ((await sweepDeadlines(databases)) === true);
  expect(await countAlerts()).toBe(before + 5_000)
  await expectNoGaps()
})

async function countAlerts(): Promise<number> {
  const [row] = await administrator.sql<{ count: number }[]>`SELECT count(*)::int AS count FROM alerts`
  return row?.count ?? NaN
}

async function expectNoGaps(): Promise<void> {
  const gaps = await administrator.sql`
    SELECT a.id FROM accounts a LEFT JOIN alerts l ON l.account_id = a.id
    GROUP BY a.id HAVING count(l.position) <> a.alert_position OR max(l.position) <> a.alert_position`
  expect(gaps).toEqual([])
}

/**
 * The statement by which the stored function finds what is due, or was taken too early, with the function's variables
 * as parameters.
 */
async function dueQuery(which: 'due' | 'taken' = 'due'): Promise<string> {
  const [row] = await administrator.sql<{ source: string }[]>`
    SELECT prosrc AS source FROM pg_proc WHERE proname = 'sweep_deadlines'`
  const queries = [...(row?.source ?? '').matchAll(/ARRAY\(([^]*?)\)\)/g)].map(([, text = '']) => text)
  const query = queries.find((text) => text.includes(which === 'due' ? 'IS NULL' : 'IS NOT NULL'))
  if (query === undefined) throw new TypeError('sweep_deadlines takes an array of what is due.')
  return query.replace('v_now', '$1').replace('p_batch', '$2')
}

async function planOf(query: string, mode: string): Promise<string> {
  return explain(query, { mode, options: 'COSTS OFF' })
}

/** How many pages of the table and its index one run reads. */
async function pagesOf(query: string): Promise<number> {
  const plan = await explain(query, { mode: 'force_generic_plan', options: 'ANALYZE, BUFFERS, COSTS OFF' })
  const [head = ''] = plan.split('Planning:')
  const counts = [...(/Buffers: (.*)/.exec(head)?.[1] ?? '').matchAll(/(?:hit|read)=(\d+)/g)]
  return counts.reduce((sum, [, count]) => sum + Number(count), 0)
}

async function explain(query: string, { mode, options }: { mode: string; options: string }): Promise<string> {
  return administrator.sql.begin(async (tx) => {
    await tx.unsafe(`SET LOCAL plan_cache_mode = ${mode}`)
    await tx.unsafe(`PREPARE due (timestamptz, integer) AS ${query}`)
    const rows = await tx.unsafe(`EXPLAIN (${options}) EXECUTE due (now(), 1000)`)
    await tx.unsafe('DEALLOCATE due')
    return rows.map((row) => String(row['QUERY PLAN'])).join('\n')
  })
}
