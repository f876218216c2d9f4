/**
 * The cost of an operation of the key server beside its peers, everything of the key server on: GraphQL as most authors set it
 * up, the fastest GraphQL server, a bare program that gathers, and PostgreSQL's own client. Each runs in a process of its own
 * on loopback over one PostgreSQL, and they are measured in turns. It writes bench/RESULTS.md when all operations were run.
 *
 *   npm run bench -- [--short] [--autocannon] [OPERATION…]     about 7 minutes; --short 3 minutes
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { startBenchDatabase, type BenchDatabase } from './support/database.ts'
import { print } from './support/figures.ts'
import { load, measure } from './support/measure.ts'
import { operationsOver, type Operation } from './support/operations.ts'
import { storeOwners, type Owner } from './support/owners.ts'
import { findPgbench, runPgbench } from './support/pgbench.ts'
import { startKeyServer, startServer, type BenchServer } from './support/processes.ts'
import { describeRun, tableOf, type Measured } from './support/report.ts'

const isShort = process.argv.includes('--short')
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const rounds = isShort ? 1 : 3
const seconds = 2
const warmUpSeconds = isShort ? 1 : 2
/** So few that each of them is known after the warm-up. */
const accounts = 200
const keysEach = 50

const folder = new URL('.', import.meta.url)
if (!existsSync(new URL('node_modules', folder))) {
  execFileSync('npm', ['install', '--no-fund', '--no-audit', '--no-package-lock'], {
    cwd: folder,
    stdio: 'inherit',
  })
}

const database = await startBenchDatabase()
try {
  const owners = await storeOwners(database.sql, { count: accounts, keysEach })
  const servers = new Map<string, BenchServer>()
  try {
    servers.set('claviger', await startKeyServer(database.url))
    for (const peer of ['stock.ts', 'mercurius.js', 'bare.ts']) {
      const name = peer.replace(/\.\w+$/, '')
      servers.set(name, await startServer(`../peers/${peer}`, { args: [database.url], path: '/graphql' }))
    }
    await report({ owners, database, servers })
  } finally {
    await Promise.all([...servers.values()].map((server) => server.stop()))
  }
} finally {
  await database.stop()
}

interface Contest {
  readonly owners: readonly Owner[]
  readonly database: BenchDatabase
  readonly servers: ReadonlyMap<string, BenchServer>
}

async function report(contest: Contest): Promise<void> {
  const pgbench = await findPgbench()
  const operations = operationsOver(contest.owners).filter(
    ({ name }) => asked.length === 0 || asked.some((one) => name === one),
  )
  const head = await describeRun(contest.database.sql)
  print(head)
  const tables: string[] = []
  for (const operation of operations) {
    const measured = new Map<string, Measured[]>()
    const note = (name: string, one: Measured) => measured.set(name, [...(measured.get(name) ?? []), one])
    for (let round = 0; round < rounds; round++) {
      for (const [name, server] of contest.servers) {
        if (round === 0) await load(server.url, operation, warmUpSeconds)
        note(name, await measure(contest.database, server, { operation, seconds }))
      }
      if (pgbench !== null && operation.statement !== null && operation.connections === 32) {
        note('pgbench', await measurePgbench(pgbench, contest, operation))
      }
    }
    const table = tableOf(operation, measured)
    print(`\n${table}`)
    tables.push(table)
  }
  if (asked.length > 0) return
  await writeFile(
    new URL('RESULTS.md', folder),
    `# The last run of \`npm run bench\`\n\n${head}\n\n${tables.join('\n\n')}\n`,
  )
}

async function measurePgbench(
  program: string,
  { owners, database }: Contest,
  { statement, name, connections }: Operation,
): Promise<Measured> {
  const beganMs = await database.processorMs()
  const { perSecond, count } = await runPgbench(program, {
    databaseUrl: database.url,
    owners: name === 'acquire a hot key' ? owners.slice(0, 1) : owners,
    statement: statement ?? 'select',
    connections,
    seconds,
  })
  return {
    perSecond,
    p50Ms: NaN,
    p99Ms: NaN,
    serverMicroseconds: NaN,
    databaseMicroseconds: (((await database.processorMs()) - beganMs) * 1_000) / count,
    memoryMB: NaN,
  }
}
