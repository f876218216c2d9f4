import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { SettledClock } from '../../server/database/settled-clock.ts'
import { openWrongClock, type WrongClock } from '../support/clock.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

/* Servers without a process: each has a monotonic clock of its own, and the database has one that can be set. */

const settlingMs = 300_000
/** The time that the test itself may take, by which the database's clock goes on. */
const toleranceMs = 30_000

let database: TestDatabase
let clock: WrongClock
let passedMs: number
let aheadMs: number
const logLines: string[] = []
const log = pino({ level: 'warn' }, { write: (line: string) => void logLines.push(line) })

beforeAll(async () => {
  database = await createTestDatabase()
  clock = await openWrongClock(database.url)
})
afterAll(async () => {
  await clock.close()
  await database.drop()
})
beforeEach(async () => {
  await clock.sql`TRUNCATE clock_sightings`
  passedMs = 0
  aheadMs = 0
  logLines.length = 0
  await tick(0)
})

function startServer({ bootedMs = 0 } = {}): SettledClock {
  return new SettledClock({ writes: { sql: clock.sql } }, { log, monotonicMs: () => passedMs - bootedMs })
}

/** Lets time pass, on all clocks. */
async function tick(ms: number): Promise<void> {
  passedMs += ms
  await clock.set(`${passedMs + aheadMs} milliseconds`)
}

/** Sets the database's clock. */
async function step(ms: number): Promise<void> {
  aheadMs += ms
  await tick(0)
}

async function run(server: SettledClock, { forMs }: { readonly forMs: number }): Promise<void> {
  for (let ran = 0; ran < forMs; ran += 10_000) {
    await server.sight()
    await tick(10_000)
  }
  await server.sight()
}

/** How long ago the settled time is, by a clock that was never set; Infinity while nothing is settled. */
async function settledAgoMs(): Promise<number> {
  const [row] = await clock.sql<{ ago: string }[]>`
    SELECT (extract(epoch FROM clock_timestamp()) - extract(epoch FROM settled_clock()))::text AS ago`
  return Number(row?.ago) * 1000 - aheadMs
}

async function expectSettledAgo(ms: number): Promise<void> {
  const ago = await settledAgoMs()
  expect(ago).toBeGreaterThan(ms - toleranceMs)
  expect(ago).toBeLessThan(ms + toleranceMs)
}

async function countedMs(): Promise<number> {
  const [row] = await clock.sql<{ counted: number }[]>`
    SELECT coalesce(max(elapsed_ms), 0)::float8 AS counted FROM clock_sightings`
  return row?.counted ?? NaN
}

test('nothing is settled before a server has measured five minutes', async () => {
  const server = startServer()
  await run(server, { forMs: settlingMs - 10_000 })
  expect(await settledAgoMs()).toBe(Infinity)
  await run(server, { forMs: 20_000 })
  await expectSettledAgo(settlingMs + 10_000)
})

test('a clock that is an hour ahead for less than five minutes settles nothing there', async () => {
  const server = startServer()
  await run(server, { forMs: settlingMs + 60_000 })
  for (const minutes of [1, 2, 3, 4]) {
    await step(3_600_000)
    await run(server, { forMs: minutes * 60_000 })
    expect(await settledAgoMs()).toBeGreaterThan(minutes * 60_000 - toleranceMs)
    await step(-3_600_000)
    await run(server, { forMs: 10_000 })
  }
})

test('what is settled is never later than the clock shows now', async () => {
  const server = startServer()
  await run(server, { forMs: settlingMs + 60_000 })
  await step(-3_600_000)
  expect(await settledAgoMs()).toBeGreaterThan(3_600_000 - toleranceMs)
})

test('five minutes need not be one server’s: restarts go on from where the one before ended, without the time between', async () => {
  for (let restart = 0; restart < 20; restart++) {
    const server = startServer({ bootedMs: passedMs })
    await run(server, { forMs: 20_000 })
    // Nobody measures now.
    await tick(3_600_000)
  }
  expect(await countedMs()).toBe(20 * 20_000)
  const server = startServer({ bootedMs: passedMs })
  await server.sight()
  expect(await settledAgoMs()).toBeLessThan(Infinity)
})

test('a loop of restarts within the wrong hour does not settle it', async () => {
  await run(startServer(), { forMs: settlingMs + 60_000 })
  await step(3_600_000)
  for (let restart = 0; restart < 50; restart++) await startServer({ bootedMs: passedMs }).sight()
  await expectSettledAgo(settlingMs)
})

test('several servers count no faster than time passes, whatever their order and pace', async () => {
  const servers = Array.from({ length: 4 }, () => startServer())
  let seed = 7
  for (let round = 0; round < 200; round++) {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    await servers[seed % 4]?.sight()
    await tick(seed % 4_000)
    expect(await countedMs()).toBeLessThanOrEqual(passedMs)
  }
  // And it does go on.
  expect(await countedMs()).toBeGreaterThan(passedMs / 4)
})

test('a server that was cut off adds nothing to what others have counted meanwhile', async () => {
  const cutOff = startServer()
  await cutOff.sight()
  await tick(settlingMs)
  const other = startServer({ bootedMs: passedMs })
  await step(3_600_000)
  await other.sight()
  await tick(1_000)
  await other.sight()
  await cutOff.sight()
  // It would be five minutes and a second apart from the other one's first, and was a second.
  expect(await countedMs()).toBe(1_000)
  expect(await settledAgoMs()).toBe(Infinity)
})

test('a failover to a machine that lacks the last sightings and has another clock settles nothing early', async () => {
  const server = startServer()
  await run(server, { forMs: settlingMs + 60_000 })
  await clock.sql`DELETE FROM clock_sightings WHERE elapsed_ms > (SELECT max(elapsed_ms) FROM clock_sightings) - 60000`
  await step(1_800_000)
  await run(server, { forMs: settlingMs - 120_000 })
  expect(await settledAgoMs()).toBeGreaterThan(0)
  await run(server, { forMs: settlingMs })
  // The new machine's clock counts when it has shown that time for as long.
  expect(await settledAgoMs()).toBeLessThan(0)
})

test('sightings do not pile up', async () => {
  const server = startServer()
  await run(server, { forMs: 3 * settlingMs })
  const rows = await clock.sql`SELECT FROM clock_sightings`
  expect(rows.length).toBeLessThanOrEqual(settlingMs / 10_000 + 2)
})

test('a clock that is set is told to the operator, and one that goes right is not', async () => {
  const server = startServer()
  await run(server, { forMs: 30_000 })
  expect(logLines).toEqual([])
  await step(3_600_000)
  await server.sight()
  await step(-3_600_000)
  await server.sight()
  expect(logLines.map((line): unknown => JSON.parse(line))).toEqual([
    expect.objectContaining({ level: 40, steppedSeconds: expect.closeTo(3600, -1) }),
    expect.objectContaining({ level: 40, steppedSeconds: expect.closeTo(-3600, -1) }),
  ])
})
