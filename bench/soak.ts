/**
 * A key server under mixed load for long: verifications, acquisitions, stores, refused requests, and sockets that come and go.
 * Prints what its process holds as time passes, and by how much that grows an hour: memory, open files, threads, and
 * connections to the database.
 *
 *   node bench/soak.ts [minutes]     by default 30 minutes
 *
 * The slope is that of the second half (least squares): caches and the heap fill in the first one.
 */
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { startBenchDatabase } from './support/database.ts'
import { print } from './support/figures.ts'
import { operationsOver } from './support/operations.ts'
import { storeOwners } from './support/owners.ts'
import { startKeyServer } from './support/processes.ts'
import { KeepAliveClient } from './support/keep-alive-client.ts'
import { signSocket } from './support/signing.ts'
import { subscribe } from './support/sockets.ts'

const minutes = Number(process.argv[2] ?? 30)
const sampleMs = 10_000
/** Requests a second, of all kinds: half of what a busy machine of two processors does, so that none wait. */
const rate = 200
/** In how many of a hundred requests. The rest are verifications. */
const shares = { acquire: 25, replay: 5, store: 5, malformed: 5 }
const sockets = 20
const socketMs = 5_000

const database = await startBenchDatabase()
const server = await startKeyServer(database.url)
try {
  const owners = await storeOwners(database.sql, { count: 200, keysEach: 20 })
  const operations = operationsOver(owners)
  const next = (name: string) => {
    const found = operations.find((operation) => operation.name === name)
    if (found === undefined) throw new Error(`There is no operation "${name}".`)
    return Promise.resolve(found.next(server.url))
  }
  const counts = new Map<string, number>()
  const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1)
  const untilMs = performance.now() + minutes * 60_000
  const goesOn = () => performance.now() < untilMs

  const clients = Array.from({ length: 16 }, () => new KeepAliveClient(server.url))
  const sending = clients.map(async (client, index) => {
    for (let turn = index; goesOn(); turn++) {
      const dueMs = performance.now() + (1_000 * clients.length) / rate
      const at = (turn * 37) % 100
      if (at < shares.acquire) count(`acquire ${await client.send(await next('acquire'))}`)
      else if (at < shares.acquire + shares.replay) {
        const request = await next('acquire')
        await client.send(request)
        count(`replay ${await client.send(request)}`)
      } else if (at < shares.acquire + shares.replay + shares.store) {
        count(`store ${await client.send(await next('store'))}`)
      } else if (at < shares.acquire + shares.replay + shares.store + shares.malformed) {
        count(`malformed ${await client.send(malformed(server.url))}`)
      } else count(`verify ${await client.send(await next('verify'))}`)
      await delay(Math.max(0, dueMs - performance.now()))
    }
  })
  const following = Array.from({ length: sockets }, async (_, index) => {
    for (let turn = 0; goesOn(); turn++) {
      const owner = owners[(index + turn * sockets) % owners.length]
      if (owner === undefined) continue
      const socket = await subscribe({
        url: server.url,
        init: () => signSocket(server.url, owner),
        query: 'subscription { alerts { id occurredAt } }',
        variables: {},
        onDelivery: () => count('alert'),
      })
      count('socket')
      await delay(socketMs)
      // Some are cut off, as phones are.
      if (turn % 2 === 0) socket.close()
      else socket.terminate()
    }
  })

  const samples: Sample[] = []
  print('  minute   memory MB   open files   threads   connections')
  const sampling = (async () => {
    const beganMs = performance.now()
    while (goesOn()) {
      await delay(sampleMs)
      const sample = await look((performance.now() - beganMs) / 60_000)
      samples.push(sample)
      if (samples.length % 6 === 0) print(rowOf(sample))
    }
  })()
  await Promise.all([...sending, ...following, sampling])
  for (const client of clients) client.close()

  // The last sample may see the end of the load.
  const late = samples.slice(samples.length / 2, -1)
  print(`\nGrowth an hour, of the last ${(minutes / 2).toFixed(0)} minutes:`)
  for (const name of ['memoryMB', 'openFiles', 'threads', 'connections'] as const) {
    const slope = slopeOf(late.map((sample) => [sample.minute / 60, sample[name]]))
    print(`  ${name.padEnd(12)} ${slope.toFixed(2).padStart(8)}`)
  }
  print(
    `\nAnswers: ${[...counts]
      .sort()
      .map(([what, number]) => `${what} ${number.toLocaleString('en')}`)
      .join(', ')}`,
  )
} finally {
  await server.stop()
  await database.stop()
}

interface Sample {
  readonly minute: number
  readonly memoryMB: number
  readonly openFiles: number
  readonly threads: number
  /** The key server's connections to PostgreSQL. */
  readonly connections: number
}

async function look(minute: number): Promise<Sample> {
  const pid = String(server.child.pid)
  const [status, files, [row]] = await Promise.all([
    readFile(`/proc/${pid}/status`, 'utf8'),
    readdir(`/proc/${pid}/fd`),
    database.sql<{ count: number }[]>`
      SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'claviger'`,
  ])
  return {
    minute,
    memoryMB: await server.memoryMB(),
    openFiles: files.length,
    threads: Number(/^Threads:\s+(\d+)/m.exec(status)?.[1] ?? NaN),
    connections: row?.count ?? NaN,
  }
}

function rowOf({ minute, memoryMB, openFiles, threads, connections }: Sample): string {
  return [
    minute.toFixed(1).padStart(8),
    memoryMB.toFixed(1).padStart(11),
    String(openFiles).padStart(12),
    String(threads).padStart(9),
    String(connections).padStart(13),
  ].join(' ')
}

/** By least squares. */
function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (index: 0 | 1) => points.reduce((sum, point) => sum + point[index], 0) / points.length
  const [meanX, meanY] = [mean(0), mean(1)]
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  return over / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
}

/** A request that is refused before anything is read: its body is no JSON. */
function malformed(url: string): Uint8Array {
  const body = '{"query":'
  return Buffer.from(
    `POST /graphql HTTP/1.1\r\nhost: ${new URL(url).host}\r\ncontent-type: application/json\r\ncontent-length: ${String(body.length)}\r\n\r\n${body}`,
  )
}
