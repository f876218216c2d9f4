/**
 * Acquisitions a second, for one hot key and for many keys, over HTTP with requests that were signed before; compared with a
 * bare server that runs the same database function without GraphQL and signatures, and with the function itself. All are
 * durable: each acquisition is flushed to disk. Everything is on this machine's loopback, and servers, database and load
 * generator compete for its cores, so only the ratios mean something.
 *
 *   node bench/acquisitions.ts     about 50 seconds
 */
import { availableParallelism } from 'node:os'
import type postgres from 'postgres'
import { acquire, askFor } from './support/acquire.ts'
import { connectSql } from '../server/database/connect.ts'
import { startBenchDatabase } from './support/database.ts'
import { describeLatencies, print } from './support/figures.ts'
import { generateLoad, type Load } from './support/load.ts'
import { storeOwners, type Owner } from './support/owners.ts'
import { startKeyServer, startServer } from './support/processes.ts'
import { httpRequest, signRequest } from './support/signing.ts'

const accounts = 200
const keysEach = 5
const rounds = 2
const warmUpMs = 500
const measuredMs = 2_500
const connections = 64
const sqlConnections = 10
/** More than any of them answers in the measured time. */
const requestsMax = 16_000

const query = 'query ($id: ID!) { wrappedKey(transactionKeyId: $id) { jwe } }'

interface Target {
  readonly owner: Owner
  readonly transactionKeyId: string
}

type Way = (targets: readonly Target[], forMs: number) => Promise<Load>

const database = await startBenchDatabase()
try {
  const owners = await storeOwners(database.sql, { count: accounts, keysEach })
  const claviger = await startKeyServer(database.url)
  const bare = await startServer('bare-acquisitions.ts', { args: [database.url] })
  const sql = connectSql(database.url, { max: sqlConnections })
  try {
    await report(owners, [
      ['SQL', overSql(sql)],
      ['bare HTTP', overBareHttp(bare.url)],
      ['claviger', overClaviger(claviger.url)],
    ])
  } finally {
    await Promise.all([claviger.stop(), bare.stop(), sql.end({ timeout: 5 })])
  }
} finally {
  await database.stop()
}

async function report(owners: readonly Owner[], ways: readonly (readonly [string, Way])[]): Promise<void> {
  print(`Acquisitions a second, and as a share of SQL. ${availableParallelism()} cores for all processes.`)
  const all = owners.flatMap((owner) =>
    owner.transactionKeyIds.map((transactionKeyId) => ({ owner, transactionKeyId })),
  )
  for (const [name, targets] of [
    ['one hot key', all.slice(0, 1)],
    [`${all.length} keys of ${owners.length} accounts`, all],
  ] as const) {
    print(`\n${name}`)
    const loads = new Map<string, Load[]>(ways.map(([way]) => [way, []]))
    // In turns, so that what else the machine does affects all of them.
    for (let round = 0; round < rounds; round++) {
      for (const [way, run] of ways) {
        await run(targets, warmUpMs)
        loads.get(way)?.push(await run(targets, measuredMs))
      }
    }
    const rateOf = (way: string) =>
      (loads.get(way) ?? []).reduce((sum, { perSecond }) => sum + perSecond, 0) / rounds
    for (const [way] of ways) {
      const latencies = describeLatencies((loads.get(way) ?? []).flatMap(({ latenciesMs }) => latenciesMs))
      const share = (rateOf(way) / rateOf('SQL')).toFixed(2)
      print(`  ${way.padEnd(10)}${rateOf(way).toFixed(0).padStart(7)} (${share})   ${latencies}`)
    }
  }
}

function overClaviger(url: string): Way {
  return async (targets, forMs) => {
    const requests: Uint8Array[] = []
    for (const { owner, transactionKeyId } of enough(targets, forMs)) {
      requests.push(
        await signRequest(url, owner, JSON.stringify({ query, variables: { id: transactionKeyId } })),
      )
    }
    return generateLoad(requests, { url, connections, forMs, expected: '"jwe":"x' })
  }
}

function overBareHttp(url: string): Way {
  return async (targets, forMs) => {
    const requests = enough(targets, forMs).map(({ owner, transactionKeyId }) =>
      httpRequest(new URL(url), JSON.stringify(askFor(owner, transactionKeyId))),
    )
    return generateLoad(requests, { url, connections, forMs, expected: '"jwe":"x' })
  }
}

function overSql(sql: postgres.Sql): Way {
  return async (targets, forMs) => {
    const latenciesMs: number[] = []
    const queue = enough(targets, forMs).values()
    const beganMs = performance.now()
    await Promise.all(
      Array.from({ length: sqlConnections }, async () => {
        for (const { owner, transactionKeyId } of queue) {
          const sentMs = performance.now()
          if (sentMs - beganMs > forMs) return
          const [row] = await acquire(sql, askFor(owner, transactionKeyId))
          if (row?.outcome !== 'GRANTED') throw new Error('An acquisition was not granted.')
          latenciesMs.push(performance.now() - sentMs)
        }
      }),
    )
    return { latenciesMs, perSecond: (latenciesMs.length * 1000) / (performance.now() - beganMs) }
  }
}

/** Repeats the targets in turns, until there are enough for the time. */
function enough(targets: readonly Target[], forMs: number): Target[] {
  const count = Math.ceil((requestsMax * forMs) / measuredMs)
  return Array.from({ length: count }, (_, index) => targets[index % targets.length] ?? []).flat()
}
