/**
 * Alerts to subscribers: how long they take from due to stored and from stored to delivered, one at a time and all at
 * once, and how much memory an idle subscriber takes; compared with graphql-ws over an in-memory pub/sub, which stores
 * nothing. Everything is on this machine's loopback, and the load generator competes for its cores.
 *
 *   node bench/alerts.ts     about 90 seconds
 */
import { availableParallelism } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { WebSocket } from 'ws'
import { encodeCursor } from '../schema/wire/cursor.ts'
import { startBenchDatabase, type BenchDatabase } from './support/database.ts'
import { describeLatencies, percentile, print, until } from './support/figures.ts'
import { storeOwners, type Owner } from './support/owners.ts'
import { startKeyServer, startServer, type BenchServer } from './support/processes.ts'
import { signSocket } from './support/signing.ts'
import { forEach, subscribe, type Delivery } from './support/sockets.ts'

const accountCount = 1_000
/** The limit for a management key. */
const socketsEach = 5
const singles = 200
const atOnce = 40
/** A period of heartbeats. */
const idleMs = 24_000

/** A measured server: its subscribers get the alerts of their accounts. */
interface Contestant {
  readonly server: BenchServer
  readonly subscription: string
  readonly variablesOf: (owner: Owner) => object
  readonly init: (owner: Owner) => Promise<object>
  /** Publishes one alert to each of these accounts, in the server's own way. */
  readonly publish: (owners: readonly Owner[]) => Promise<void>
}

interface Outcome {
  readonly single: readonly number[]
  readonly broadcast: readonly number[]
  /** Processor time of the server for one delivery of the broadcast, in microseconds; the database's is not in it. */
  readonly deliveryMicroseconds: number
  /** Share of a processor that the server takes while it has all subscribers and nothing happens. */
  readonly idle: number
  readonly memoryMB: number
}

const database = await startBenchDatabase()
try {
  const owners = await storeOwners(database.sql, { count: accountCount, keysEach: 1 })
  print(`${availableParallelism()} cores for all processes.`)
  const outcomes: Outcome[] = []
  for (const begin of [beginClaviger, beginBare]) {
    const contestant = await begin(database)
    try {
      outcomes.push(await measure(contestant, owners))
      if (begin === beginClaviger) await reportDue(database)
    } finally {
      await contestant.server.stop()
    }
  }
  report(outcomes)
} finally {
  await database.stop()
}

async function beginClaviger({ url, sql }: BenchDatabase): Promise<Contestant> {
  const server = await startKeyServer(url)
  return {
    server,
    subscription: 'subscription ($after: String) { alerts(after: $after) { id kind cursor occurredAt } }',
    // A cursor, so that none is missed however long a subscription takes to stand.
    variablesOf: () => ({ after: encodeCursor('alert', '0') }),
    init: (owner) => signSocket(server.url, owner),
    async publish(owners) {
      await sql`
        INSERT INTO deadlines (account_id, transaction_key_id, notice_seconds, due_at, expires_at)
        SELECT account_id, id, 0, now() + interval '100 ms', now() + interval '100 ms'
        FROM unnest(${owners.map(({ accountId }) => accountId)}::uuid[],
          ${owners.map(({ transactionKeyIds: [id = ''] }) => id)}::uuid[]) AS due (account_id, id)
        ON CONFLICT (account_id, transaction_key_id, notice_seconds)
        DO UPDATE SET due_at = excluded.due_at, expires_at = excluded.expires_at, taken_at = NULL`
    },
  }
}

async function beginBare(): Promise<Contestant> {
  const server = await startServer('bare-subscriptions.ts')
  return {
    server,
    subscription: 'subscription ($account: ID!) { alerts(account: $account) { id kind cursor occurredAt } }',
    variablesOf: ({ accountId }) => ({ account: accountId }),
    init: async () => ({}),
    async publish(owners) {
      server.child.send({ accounts: owners.map(({ accountId }) => accountId) })
    },
  }
}

async function measure(contestant: Contestant, owners: readonly Owner[]): Promise<Outcome> {
  const { server, subscription: query } = contestant
  const deliveries: Delivery[] = []
  const sockets: WebSocket[] = []
  const open = (some: readonly Owner[]) =>
    forEach(some, { atOnce }, async (owner) => {
      const socket = await subscribe({
        url: server.url,
        init: () => contestant.init(owner),
        query,
        variables: contestant.variablesOf(owner),
        onDelivery: (delivery) => deliveries.push(delivery),
      })
      sockets.push(socket)
    })
  try {
    await open(owners.slice(0, 50))
    await delay(1_000)
    const restingMB = await server.memoryMB()
    await open(owners.slice(50))
    await settle()
    const latencies = async (publish: () => Promise<void>, expected: number, withinMs: number) => {
      deliveries.length = 0
      await publish()
      await until(() => deliveries.length >= expected, withinMs)
      return deliveries.map(({ arrivedAtMs, storedAtMs }) => arrivedAtMs - storedAtMs)
    }
    for (let more = 1; more < socketsEach; more++) await open(owners)
    await settle()
    const memoryMB = (await server.memoryMB()) - restingMB
    const idleBeforeMs = await server.processorMs()
    await delay(idleMs)
    const idle = ((await server.processorMs()) - idleBeforeMs) / idleMs
    const beforeMs = await server.processorMs()
    const broadcast = await latencies(() => contestant.publish(owners), sockets.length, 20_000)
    const deliveryMicroseconds = (((await server.processorMs()) - beforeMs) * 1_000) / broadcast.length
    const single = await latencies(
      async () => {
        for (const owner of owners.slice(0, singles)) {
          await contestant.publish([owner])
          await delay(10)
        }
      },
      singles * socketsEach,
      20_000,
    )
    return { single, broadcast, deliveryMicroseconds, idle, memoryMB }
  } finally {
    for (const socket of sockets) socket.terminate()
  }
}

/** Waits until new subscriptions are open, and until garbage is collected. */
function settle(): Promise<unknown> {
  return delay(2_500)
}

async function reportDue({ sql }: BenchDatabase): Promise<void> {
  const rows = await sql<{ lag: number }[]>`
    SELECT (extract(epoch FROM occurred_at - (details ->> 'expiresAt')::timestamptz) * 1000)::float8 AS lag FROM alerts`
  print(`Due to stored: ${describeLatencies(rows.map(({ lag }) => lag))}`)
}

function report([claviger, bare]: readonly Outcome[]): void {
  if (claviger === undefined || bare === undefined) throw new TypeError('Two were measured.')
  const sockets = (accountCount * socketsEach).toLocaleString('en')
  const rows: [string, (outcome: Outcome) => readonly number[], string][] = [
    ['one at a time', ({ single }) => single, `stored to delivered, ${sockets} sockets`],
    [
      'all at once',
      ({ broadcast }) => broadcast,
      `stored to delivered, ${sockets} sockets of ${accountCount} accounts; target p99 1,000 ms`,
    ],
  ]
  for (const [name, of, what] of rows) {
    print(`\nAlerts ${name} (${what})`)
    print(`  claviger  ${describeLatencies(of(claviger))}`)
    print(`  bare      ${describeLatencies(of(bare))}`)
    const ratio = (share: number) =>
      (percentile(of(claviger), share) / percentile(of(bare), share)).toFixed(1)
    print(`  ratio     p50 ${ratio(0.5)}, p99 ${ratio(0.99)}`)
  }
  print(`\nServer's processor time of a delivery to all at once (target: 20 µs)`)
  print(`  claviger  ${claviger.deliveryMicroseconds.toFixed(0)} µs`)
  print(`  bare      ${bare.deliveryMicroseconds.toFixed(0)} µs`)
  print(`\n${sockets} idle subscribers (targets: 20 KB each, 1 % of a processor)`)
  for (const [name, { memoryMB, idle }] of [
    ['claviger', claviger],
    ['bare    ', bare],
  ] as const) {
    const each = (memoryMB * 1024) / (accountCount * socketsEach)
    const share = `${(idle * 100).toFixed(1)} % of a processor`
    print(`  ${name}  ${memoryMB.toFixed(0)} MB, ${each.toFixed(0)} KB each, ${share}`)
  }
}
