import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sweepDeadlines } from '../../server/alerts/deadlines.ts'
import { pruneAlerts } from '../../server/alerts/pruning.ts'
import type { JobDatabases } from '../../server/database/connect.ts'
import { pruneExpired, pruneServerKeys } from '../../server/database/pruning.ts'
import { SettledClock } from '../../server/database/settled-clock.ts'
import { pruneApplicationServers, pruneKeyChanges } from '../../server/key-changes/pruning.ts'
import { noticeDeadlines } from '../../server/transaction-keys/term.ts'
import { prunePairings } from '../../server/pairing/pruning.ts'
import { recallWebhooks } from '../../server/webhooks/recall.ts'
import { alertsOf, expectUnauthenticated, secondsAhead, succeed } from '../support/operations.ts'
import { openSubscriber, raise, useWorld } from '../support/realtime.ts'
import { openWrongClock, settleClock, type WrongClock } from '../support/clock.ts'
import {
  acquire,
  call,
  createRawKey,
  openAccount,
  send,
  signRequest,
  storeKey,
  type RawKey,
  type SignedRequest,
} from '../support/raw-client.ts'

/*
 * Two servers serve by the right clock all the while. Another server does what happens in the wrong hour: the servers' own
 * functions, on a connection whose clock is wrong.
 */
const world = useWorld({ count: 2 })
const kinds = ['KEY_EXPIRING', 'KEY_EXPIRED']
const accountQuery = { query: '{ account { name } }' }
let clock: WrongClock
let wrong: JobDatabases

beforeAll(async () => {
  clock = await openWrongClock(world.servers[0]?.databaseUrl ?? '')
  wrong = { writes: { sql: clock.sql } }
})
afterAll(() => clock.close())
beforeEach(async () => {
  await clock.set('0')
  await world.administrator.sql`TRUNCATE forgotten_nonces`
  // As after minutes of running: what has expired by now may go.
  await settleClock(world.administrator.sql)
})

/** All that a server does by itself about what has expired. */
async function prune(databases: JobDatabases): Promise<void> {
  await new SettledClock(databases, { log: pino({ level: 'silent' }) }).sight()
  while (await pruneExpired(databases));
  while (await prunePairings(databases));
  while (await pruneAlerts(databases, { retentionDays: 365 }));
  while (await pruneKeyChanges(databases));
  while (await pruneApplicationServers(databases));
  await pruneServerKeys(databases)
}

/** Runs the pruning while the clock is wrong, and sets it right again. */
async function pruneWhile(interval: string): Promise<void> {
  await clock.set(interval)
  await prune(wrong)
  await clock.set('0')
}

/** As `pruneWhile`, when the clock has been wrong for long. */
async function pruneLongAfter(interval: string): Promise<void> {
  await clock.set(interval)
  await settleClock(clock.sql)
  await prune(wrong)
  await clock.set('0')
}

async function countOf(table: string): Promise<number> {
  const { sql } = world.administrator
  const [row] = await sql<{ count: number }[]>`SELECT count(*)::int AS count FROM ${sql(table)}`
  return row?.count ?? NaN
}

async function useRequests(key: RawKey, count: number): Promise<SignedRequest[]> {
  const requests = await Promise.all(
    Array.from({ length: count }, () => signRequest(world.url, key, accountQuery)),
  )
  for (const request of requests) expect((await send(request)).errors).toEqual([])
  return requests
}

/** A request whose signature ends later than those made before it. */
function signLater(key: RawKey): Promise<SignedRequest> {
  const created = Math.floor(Date.now() / 1000) + 20
  return signRequest(world.url, key, { ...accountQuery, parameters: { created, expires: created + 60 } })
}

describe('a request that was used', () => {
  test('is a replay after the clock was an hour ahead while nonces were pruned', async () => {
    const { key } = await openAccount(world.url)
    const used = await useRequests(key, 20)
    await pruneWhile('1 hour')
    for (const request of used) expectUnauthenticated(await send(request), 'SIGNATURE_REPLAYED')
    expect((await send(await signRequest(world.url, key, accountQuery))).errors).toEqual([])
  })

  test('is refused even when the clock was ahead for so long that its nonce is forgotten, and a new one is not', async () => {
    const { key } = await openAccount(world.url)
    // It ends no later than those that are used.
    const unused = await signRequest(world.url, key, accountQuery)
    const used = await useRequests(key, 5)
    await pruneLongAfter('1 hour')
    expect(await countOf('nonces')).toBe(0)
    for (const request of [...used, unused]) {
      const { status, errors, code } = await send(request)
      expect([status, code]).toEqual([503, 'UNAVAILABLE'])
      expect(errors[0]?.extensions).toEqual({ code: 'UNAVAILABLE', retryAfterSeconds: 1 })
    }
    expect((await send(await signLater(key))).errors).toEqual([])
  })

  test('is refused when the clock is set back by more than nonces are kept', async () => {
    const { key } = await openAccount(world.url)
    await useRequests(key, 1)
    const { sql } = world.administrator
    const [nonce] = await sql<{ principal_id: string; nonce: string; expires: number }[]>`
      SELECT principal_id, nonce, extract(epoch FROM expires_at)::int AS expires
      FROM nonces WHERE key_id = ${key.id} ORDER BY expires_at DESC LIMIT 1`
    if (nonce === undefined) throw new TypeError('A used nonce is stored.')
    const claim = async (): Promise<string> => {
      const [row] = await clock.sql<{ outcome: string }[]>`
        SELECT consume_nonce(${nonce.principal_id}, ${key.id}, ${nonce.nonce}, ${nonce.expires - 60}, ${nonce.expires}) AS outcome`
      return row?.outcome ?? ''
    }
    // Some minutes later it has expired, and is forgotten.
    await pruneLongAfter('10 minutes')
    await clock.set('10 minutes')
    expect(await claim()).toBe('SIGNATURE_EXPIRED')
    await clock.set('0')
    expect(await claim()).toBe('NONCES_FORGOTTEN')
  })

  test('would be accepted without either guard (negative control)', async () => {
    const { key } = await openAccount(world.url)
    const used = await useRequests(key, 3)
    const { sql } = world.administrator
    const [stored] = await sql<
      { source: string }[]
    >`SELECT pg_get_functiondef('settled_clock'::regproc) AS source`
    try {
      await sql`
        CREATE OR REPLACE FUNCTION settled_clock() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT clock_timestamp()'`
      await clock.set('1 hour')
      await pruneExpired(wrong)
      await sql`TRUNCATE forgotten_nonces`
    } finally {
      await sql.unsafe(stored?.source ?? '')
    }
    for (const request of used) expect((await send(request)).errors).toEqual([])
  })
})

test('an acquisition id is remembered although the clock was two days ahead, also for a request of that time', async () => {
  const { key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key)
  const acquisitionId = randomUUID()
  await acquire(world.url, key, { id, acquisitionId })
  await pruneWhile('2 days')
  await acquire(world.url, key, { id, acquisitionId })
  await clock.set('2 days')
  await clock.sql`
    SELECT acquire_wrapped_keys(account_id, id, NULL, 0, 0, ARRAY[${id}]::uuid[], 'USE', ${acquisitionId}, 24, NULL)
    FROM management_keys WHERE id = ${key.id}`
  const query = `{ transactionKey(id: "${id}") { useCount } }`
  expect(await succeed(world.url, key, { query })).toEqual({ transactionKey: { useCount: 1 } })
})

test('pairings, the server’s retired keys, mismatches and unproved keys outlive an hour in which they had expired', async () => {
  const { sql } = world.administrator
  const { name } = await openAccount(world.url)
  const id = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url')
  const open = 'mutation ($input: OpenPairingInput!) { openPairing(input: $input) { id } }'
  await call(world.url, null, { query: open, variables: { input: { id, payload: 'hello' } } })
  const shop = await createRawKey()
  await sql`
    INSERT INTO server_keys (id, public_key, sealed_private_key, retired_at) VALUES ('retired', '{}', '', now())`
  await sql`
    INSERT INTO mismatches (account_id, application_server, presented_thumbprint, alerted_at)
    SELECT id, 'https://a.example', 'thumbprint', now() FROM accounts WHERE name = ${name}`
  await sql`INSERT INTO application_server_approvals (key_id, name) VALUES (${shop.id}, 'https://a.example')`
  await sql`INSERT INTO application_servers (id, name) VALUES (gen_random_uuid(), 'https://a.example')`
  const tables = [
    'pairings',
    'server_keys',
    'mismatches',
    'application_server_approvals',
    'application_servers',
  ]
  const counts = () => Promise.all(tables.map(countOf))
  const before = await counts()
  await pruneWhile('1 year')
  expect(await counts()).toEqual(before)
  const found = await call(world.url, null, {
    query: `query ($id: ID!) { pairing(id: $id) { payload } }`,
    variables: { id },
  })
  expect(found.data).toEqual({ pairing: { payload: 'hello' } })
  // They do go once that year has come for certain.
  await pruneLongAfter('1 year')
  expect(await counts()).toEqual([0, before[1] === undefined ? NaN : before[1] - 1, 0, 0, 0])
})

test('a mismatch that was alerted in an hour ahead silences the next one no longer', async () => {
  const { sql } = world.administrator
  const { name } = await openAccount(world.url)
  await sql`
    INSERT INTO mismatches (account_id, application_server, presented_thumbprint, alerted_at)
    SELECT id, 'https://a.example', 'thumbprint', now() + interval '1 hour' FROM accounts WHERE name = ${name}`
  await pruneExpired({ writes: { sql } })
  expect(await countOf('mismatches')).toBe(0)
})

describe('alerts and changes', () => {
  test('are kept when the clock was years ahead', async () => {
    const owner = await openSubscriber(world.url)
    await raise(world, owner, { count: 3 })
    const before = await countOf('alerts')
    await pruneWhile('3 years')
    expect(await countOf('alerts')).toBe(before)
  })

  test('are kept when one among them occurred while the clock was years behind', async () => {
    const { sql } = world.administrator
    const owner = await openSubscriber(world.url)
    await raise(world, owner, { count: 3 })
    const occurred = (position: number, interval: string) =>
      sql`UPDATE alerts SET occurred_at = now() + ${interval}::interval
        WHERE position = ${position} AND account_id = (SELECT id FROM accounts WHERE name = ${owner.name})`
    const keptOf = async () => {
      const rows = await sql<{ position: number }[]>`
        SELECT position::int FROM alerts JOIN accounts ON id = account_id WHERE name = ${owner.name} ORDER BY position`
      return rows.map(({ position }) => position)
    }
    await occurred(2, '-3 years')
    await settleClock(sql)
    await prune({ writes: { sql } })
    expect(await keptOf()).toEqual([1, 2, 3])
    // Nor does one of an hour ahead hold up those that are old.
    await occurred(1, '3 years')
    await prune({ writes: { sql } })
    expect(await keptOf()).toEqual([3])
  })

  test('of application servers are kept as well, in both cases', async () => {
    const { sql } = world.administrator
    const insert = (position: number, interval: string) => sql`
      INSERT INTO key_changes (application_server_id, position, kind, occurred_at, thumbprint)
      SELECT id, ${position}, 'REVOKED', now() + ${interval}::interval, 'thumbprint' FROM application_servers
      WHERE name = 'https://changes.example'`
    await sql`
      INSERT INTO application_servers (id, name, proved_at, change_position)
      VALUES (gen_random_uuid(), 'https://changes.example', now(), 3)`
    await insert(1, '-1 hour')
    await insert(2, '-3 years')
    await insert(3, '-1 minute')
    await settleClock(sql)
    await pruneWhile('3 years')
    await prune({ writes: { sql } })
    expect(await countOf('key_changes')).toBe(3)
  })
})

describe('a deadline', () => {
  test('that was taken while the clock was an hour ahead is alerted again, once, at the real end', async () => {
    const { key } = await openAccount(world.url)
    const expiresAt = secondsAhead(10).toISOString()
    const { id } = await storeKey(world.url, key, { expiresAt, expiryNotices: [4] })
    await clock.set('1 hour')
    while ((await sweepDeadlines(wrong)) === true);
    await clock.set('0')
    const expired = { kind: 'KEY_EXPIRED', transactionKey: { id }, expiresAt }
    const expiring = { kind: 'KEY_EXPIRING', transactionKey: { id }, expiresAt, noticeSeconds: 4 }
    expect(await alertsOf(world.url, key, kinds)).toEqual([expired])
    // The notice was overtaken by the end then, and now is not.
    await expect
      .poll(() => alertsOf(world.url, key, kinds), { timeout: 20_000 })
      .toEqual([expired, expiring, expired])
    expect(Date.now()).toBeGreaterThan(Date.parse(expiresAt))
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(await alertsOf(world.url, key, kinds)).toHaveLength(3)
  }, 30_000)

  test('that was taken a fraction of a second early is not alerted again', async () => {
    const { key } = await openAccount(world.url)
    const expiresAt = secondsAhead(3)
    const { id } = await storeKey(world.url, key, { expiresAt, expiryNotices: [] })
    await new Promise((resolve) => setTimeout(resolve, expiresAt.getTime() - Date.now() - 700))
    await clock.set('800 milliseconds')
    await sweepDeadlines(wrong)
    await clock.set('0')
    const expired = [{ kind: 'KEY_EXPIRED', transactionKey: { id }, expiresAt: expiresAt.toISOString() }]
    expect(await alertsOf(world.url, key, kinds)).toEqual(expired)
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    expect(await alertsOf(world.url, key, kinds)).toEqual(expired)
  })

  test('of a revoked key is not armed again', async () => {
    const { key } = await openAccount(world.url)
    const { id } = await storeKey(world.url, key, { expiresAt: secondsAhead(4), expiryNotices: [] })
    await clock.set('1 hour')
    while ((await sweepDeadlines(wrong)) === true);
    await succeed(world.url, key, { query: `mutation { revokeTransactionKey(id: "${id}") { id } }` })
    await new Promise((resolve) => setTimeout(resolve, 5_000))
    expect(await alertsOf(world.url, key, kinds)).toHaveLength(1)
  })

  test('of a notice that seems to have passed when its key is stored is kept, not to fire by that clock', () => {
    const now = new Date('2027-01-01T01:00:00Z')
    const expiresAt = new Date('2027-01-01T01:00:30Z')
    expect(
      noticeDeadlines(expiresAt, [60, 10], now).map(({ noticeSeconds, takenAt }) => [noticeSeconds, takenAt]),
    ).toEqual([
      [60, now],
      [10, null],
    ])
  })
})

test('a webhook waits no longer than its own back-off when the clock is set back, and no lease holds longer', async () => {
  const { sql } = world.administrator
  const { name } = await openAccount(world.url)
  const insert = (url: string, values: { attempts: number; due: string; leased: string | null }) => sql`
    INSERT INTO webhooks (account_id, id, url, sealed_secret, position, newest_position, attempts, due_at, leased_until)
    SELECT id, gen_random_uuid(), ${url}, '', 0, 1, ${values.attempts}, now() + ${values.due}::interval,
      now() + ${values.leased}::interval FROM accounts WHERE name = ${name}`
  await insert('first failure', { attempts: 1, due: '1 hour', leased: null })
  await insert('many failures', { attempts: 20, due: '50 minutes', leased: null })
  await insert('far lease', { attempts: 0, due: '1 hour', leased: '1 hour' })
  await recallWebhooks({ writes: { sql } })
  const rows = await sql<{ url: string; due: number; leased: number | null }[]>`
    SELECT url, round(extract(epoch FROM due_at - now()))::int AS due,
      round(extract(epoch FROM leased_until - now()))::int AS leased
    FROM webhooks ORDER BY url`
  const [farLease, firstFailure, manyFailures] = rows
  expect(farLease?.leased).toBe(60)
  // Five seconds are the most after one failure, and an hour after many.
  expect(firstFailure?.due).toBeLessThanOrEqual(5)
  expect(manyFailures?.due).toBeGreaterThan(2_990)
  await sql`DELETE FROM webhooks`
})
