/**
 * Deadlines with many keys stored: what a sweep costs when nothing is due, how late an alert is stored while otherwise
 * idle, and how long 2,000 and 10,000 take that are due at the same moment, with two servers.
 *
 *   node bench/deadlines.ts [keys]     by default 1,000,000 keys; about 45 seconds
 */
import { setTimeout as delay } from 'node:timers/promises'
import type postgres from 'postgres'
import { startBenchDatabase } from './support/database.ts'
import { describeLatencies, print, until } from './support/figures.ts'
import { fillKeys } from './support/fill.ts'
import { startKeyServer } from './support/processes.ts'

const keys = Number(process.argv[2] ?? 1_000_000)
const daySeconds = 86_400
const sweeps = 500
const singles = 20
/** Numbers of deadlines, each with its target in milliseconds. */
const dueAtOnce = [
  [2_000, 250],
  [10_000, 10_000],
] as const

const database = await startBenchDatabase()
const { sql } = database
try {
  print(
    `A sweep of ${(0).toLocaleString('en')} keys with nothing due: ${describeLatencies(await sweepIdle())}`,
  )
  const beganMs = performance.now()
  await fillKeys(sql, {
    accounts: Math.ceil(keys / 100),
    keys,
    expiresInSeconds: 30 * daySeconds,
    spreadSeconds: 300 * daySeconds,
  })
  print(
    `(${keys.toLocaleString('en')} keys filled in ${((performance.now() - beganMs) / 1000).toFixed(0)} s)`,
  )
  print(
    `A sweep of ${keys.toLocaleString('en')} keys with nothing due: ${describeLatencies(await sweepIdle())}`,
  )
  const servers = [await startKeyServer(database.url), await startKeyServer(database.url)]
  try {
    print(
      `Stored after due, one at a time: ${describeLatencies(await lagsOfSingles(sql))}   (target: 1,000 ms)`,
    )
    for (const [count, targetMs] of dueAtOnce) {
      const tookMs = await storeMany(sql, count)
      print(
        `${count.toLocaleString('en')} due at once, all stored after ${tookMs.toFixed(0)} ms   (target: ${targetMs.toLocaleString('en')} ms)`,
      )
    }
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
} finally {
  await database.stop()
}

async function sweepIdle(): Promise<number[]> {
  const times: number[] = []
  for (let run = 0; run < sweeps; run++) {
    const beganMs = performance.now()
    await sql`SELECT sweep_deadlines(1000)`
    times.push(performance.now() - beganMs)
  }
  return times
}

async function lagsOfSingles(tx: postgres.Sql): Promise<number[]> {
  for (let single = 0; single < singles; single++) {
    await makeDue(tx, { count: 1, inMs: 300 })
    await delay(300 + Math.random() * 250)
  }
  await until(async () => (await countAlerts()) === singles, 5_000)
  return lags()
}

/** @returns the milliseconds from the moment when all are due until the last alert is committed */
async function storeMany(tx: postgres.Sql, count: number): Promise<number> {
  const before = await countAlerts()
  await makeDue(tx, { count, inMs: 3_000 })
  await until(async () => (await countAlerts()) === before + count, 20_000)
  const [row] = await tx<{ ms: number }[]>`
    SELECT (extract(epoch FROM clock_timestamp() - max((details ->> 'expiresAt')::timestamptz)) * 1000)::float8 AS ms FROM alerts`
  return row?.ms ?? NaN
}

/** Lets keys of as many accounts as there are end their terms some milliseconds from now. */
async function makeDue(tx: postgres.Sql, { count, inMs }: { count: number; inMs: number }): Promise<void> {
  await tx`
    WITH due AS (SELECT now() + make_interval(secs => ${inMs / 1000}::float8) AS at),
    chosen AS (SELECT account_id, transaction_key_id FROM deadlines TABLESAMPLE SYSTEM (10) WHERE taken_at IS NULL ORDER BY random() LIMIT ${count})
    UPDATE deadlines d SET due_at = due.at, expires_at = due.at FROM due, chosen
    WHERE d.account_id = chosen.account_id AND d.transaction_key_id = chosen.transaction_key_id`
}

async function countAlerts(): Promise<number> {
  const [row] = await sql<{ count: number }[]>`SELECT count(*)::int AS count FROM alerts`
  return row?.count ?? NaN
}

/** Between the end of the term and the alert's time, in milliseconds. */
async function lags(): Promise<number[]> {
  const rows = await sql<{ lag: number }[]>`
    SELECT (extract(epoch FROM occurred_at - (details ->> 'expiresAt')::timestamptz) * 1000)::float8 AS lag FROM alerts`
  return rows.map(({ lag }) => lag)
}
