import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isOnCitus } from '../support/citus.ts'
import { administer, eventually, keepDoing, type Administrator } from '../support/connections.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import {
  acquire,
  call,
  openAccount,
  storeInput,
  storeKey,
  storeMutation,
  type GraphQLAnswer,
  type RawKey,
} from '../support/raw-client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'

/*
 * The server runs in this process: an exception that nobody can catch, or a rejection that nobody awaits, fails the run.
 */

let database: TestDatabase
let administrator: Administrator
let proxy: TcpProxy
let server: TestServer
beforeAll(async () => {
  database = await createTestDatabase()
  administrator = administer(database.url)
  proxy = await startTcpProxy(database.url)
  server = await startTestServer(proxy.url)
})
afterAll(async () => {
  await server.stop()
  await proxy.close()
  await administrator.close()
  await database.drop()
})

const answerMsMax = 15_000
const answeredMin = 200
/** Between two requests of a client: ten of them meet every cut, and leave the processor to other tests. */
const pauseMs = 30
const expectedCodes = ['NONE', 'UNAVAILABLE']

interface Load {
  readonly answered: number
  readonly granted: ReadonlyMap<string, number>
  readonly storedIds: readonly string[]
  /** How often each code was answered; success is NONE. */
  readonly codes: ReadonlyMap<string, number>
  readonly longestMs: number
}

/**
 * Acquires and stores for a while, retrying each acquisition with its id until it is granted. On a slow machine the while is
 * longer, so that enough is answered to say something.
 */
async function load(
  key: RawKey,
  keyIds: readonly string[],
  {
    forMs,
    atMostMs,
    answeredMin,
    onSuccess,
  }: { forMs: number; atMostMs: number; answeredMin: number; onSuccess: () => void },
): Promise<Load> {
  const began = performance.now()
  const isOver = () => {
    const passedMs = performance.now() - began
    return passedMs > atMostMs || (passedMs > forMs && answered > answeredMin)
  }
  const granted = new Map(keyIds.map((id) => [id, 0]))
  const codes = new Map<string, number>()
  const storedIds: string[] = []
  let answered = 0
  let longestMs = 0

  async function measured(request: () => Promise<GraphQLAnswer>): Promise<boolean> {
    const sentMs = performance.now()
    const { code, errors } = await request()
    longestMs = Math.max(longestMs, performance.now() - sentMs)
    answered++
    const name = typeof code === 'string' ? code : 'NONE'
    codes.set(name, (codes.get(name) ?? 0) + 1)
    if (errors.length === 0) onSuccess()
    return errors.length === 0
  }
  async function acquireAgainAndAgain(id: string): Promise<void> {
    while (!isOver()) {
      const acquisitionId = randomUUID()
      while (!(await measured(() => acquire(server.url, key, { id, acquisitionId })))) await delay(10)
      granted.set(id, (granted.get(id) ?? 0) + 1)
      await delay(pauseMs)
    }
  }
  async function storeAgainAndAgain(): Promise<void> {
    while (!isOver()) {
      const input = await storeInput(key)
      while (!(await measured(() => call(server.url, key, { query: storeMutation, variables: { input } })))) {
        await delay(10)
      }
      storedIds.push(input.id)
      await delay(pauseMs)
    }
  }
  await Promise.all([...keyIds.map(acquireAgainAndAgain), storeAgainAndAgain(), storeAgainAndAgain()])
  return { answered, granted, storedIds, codes, longestMs }
}

const cuts = {
  'backends keep being terminated': () => administrator.endBackends('claviger'),
  'connections keep being reset': async () => {
    proxy.reset()
  },
}

test.each(Object.entries(cuts))(
  'while %s every request is answered in time with success or a fault, and the counts are exact',
  async (_what, cut) => {
    const { key } = await openAccount(server.url)
    const keyIds = await Promise.all(
      Array.from({ length: 8 }, async () => (await storeKey(server.url, key)).id),
    )
    // Where a machine takes longer for a success than cuts are apart, there would be none at all.
    let isTimeToCut = true
    const stop = keepDoing(async () => {
      if (!isTimeToCut) return
      isTimeToCut = false
      await cut()
    }, 150)
    const onSuccess = () => {
      isTimeToCut = true
    }
    const times = { forMs: 5_000, atMostMs: 30_000, answeredMin }
    const outcome = await load(key, keyIds, { ...times, onSuccess }).finally(stop)
    // Until the pools that lost connections are replaced.
    await delay(1_500)

    expect(outcome.longestMs).toBeLessThan(answerMsMax)
    // These lines say why, should this fail.
    expect(server.logLines.filter((line) => line.includes('a request failed'))).toEqual([])
    expect([...outcome.codes.keys()].filter((code) => !expectedCodes.includes(code))).toEqual([])
    expect(outcome.answered).toBeGreaterThan(answeredMin)
    expect(outcome.codes.has('UNAVAILABLE')).toBe(true)
    for (const [id, count] of outcome.granted) {
      const [usage] = await administrator.sql<{ count: number; ids: number }[]>`
      SELECT u.use_count AS count, count(DISTINCT a.acquisition_id)::int AS ids
      FROM transaction_key_usage u
      LEFT JOIN acquisitions a ON a.account_id = u.account_id AND a.transaction_key_id = u.transaction_key_id
      WHERE u.transaction_key_id = ${id} GROUP BY u.account_id, u.transaction_key_id, u.use_count`
      expect(usage).toEqual({ count, ids: count })
    }
    const halves = await administrator.sql`
    SELECT k.id FROM transaction_keys k
    LEFT JOIN wrapped_keys w ON w.account_id = k.account_id AND w.transaction_key_id = k.id
    LEFT JOIN transaction_key_usage u ON u.account_id = k.account_id AND u.transaction_key_id = k.id
    WHERE w.jwe IS NULL OR u.use_count IS NULL`
    expect(halves).toHaveLength(0)
    const stored = await administrator.sql<{ id: string }[]>`
    SELECT id FROM transaction_keys WHERE id = ANY (${[...outcome.storedIds]}::uuid[])`
    expect(stored).toHaveLength(outcome.storedIds.length)
  },
  120_000,
)

if (isOnCitus) {
  process.stdout.write(
    'Left out on Citus: requests while PostgreSQL is away. The nodes of accounts go on without the coordinator there.\n',
  )
}

test.skipIf(isOnCitus)(
  'readyz answers 503 while PostgreSQL is away and requests UNAVAILABLE, and both recover when it is back',
  async () => {
    const { key } = await openAccount(server.url)
    const { id } = await storeKey(server.url, key)
    const readiness = async () =>
      (await fetch(`${server.url}/readyz`, { signal: AbortSignal.timeout(15_000) })).status
    await eventually(async () => (await readiness()) === 200, { withinMs: 15_000, what: 'ready' })

    proxy.refuse()
    await eventually(async () => (await readiness()) === 503, { withinMs: 5_000, what: 'not ready' })
    const began = performance.now()
    const answer = await acquire(server.url, key, { id })
    expect([answer.status, answer.code]).toEqual([503, 'UNAVAILABLE'])
    expect(performance.now() - began).toBeLessThan(answerMsMax)

    proxy.restore()
    await eventually(async () => (await readiness()) === 200, { withinMs: 15_000, what: 'ready again' })
    await eventually(async () => (await acquire(server.url, key, { id })).errors.length === 0, {
      withinMs: 15_000,
      what: 'granted again',
    })
  },
  60_000,
)
