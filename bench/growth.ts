/**
 * An operation's cost with 10,000 keys stored beside its cost with 1,000,000: the same requests to two key servers with a
 * database each, in turns. Ratios of medians.
 *
 *   node bench/growth.ts [keys] [OPERATION…]     by default 1,000,000 keys; about 4 minutes
 */
import { startBenchDatabase } from './support/database.ts'
import { percentile, print } from './support/figures.ts'
import { fillKeys } from './support/fill.ts'
import { load, measure } from './support/measure.ts'
import { operationsOver, type Operation } from './support/operations.ts'
import { storeOwners } from './support/owners.ts'
import { startKeyServer } from './support/processes.ts'
import type { Measured } from './support/report.ts'

const [keys = 1_000_000] = process.argv.slice(2).map(Number).filter(Number.isInteger)
const asked = process.argv.slice(2).filter((argument) => !/^\d+$/.test(argument))
/** Each request is about one of these, in both databases. */
const requested = 10_000
const rounds = 5
const seconds = 2
const yearSeconds = 365 * 86_400

const few = await start(requested)
const many = await start(keys)
try {
  print(
    `Keys stored: ${requested.toLocaleString('en')} and ${keys.toLocaleString('en')}. With many ÷ with few:`,
  )
  for (const { name } of few.operations) {
    if (asked.length === 0 || asked.includes(name)) await compare(name)
  }
} finally {
  await few.stop()
  await many.stop()
}

async function start(total: number) {
  const database = await startBenchDatabase()
  try {
    const others = total - requested
    if (others > 0) {
      await fillKeys(database.sql, {
        accounts: Math.ceil(others / 50),
        keys: others,
        expiresInSeconds: yearSeconds,
        spreadSeconds: yearSeconds,
      })
    }
    const owners = await storeOwners(database.sql, { count: requested / 50, keysEach: 50 })
    const server = await startKeyServer(database.url)
    return {
      database,
      server,
      operations: operationsOver(owners),
      stop: async () => {
        await server.stop()
        await database.stop()
      },
    }
  } catch (error) {
    await database.stop()
    throw error
  }
}

type Place = Awaited<ReturnType<typeof start>>

async function compare(name: string): Promise<void> {
  const operationOf = ({ operations }: Place): Operation => {
    const found = operations.find((operation) => operation.name === name)
    if (found === undefined) throw new Error(`There is no operation "${name}".`)
    return found
  }
  const figures: Record<'few' | 'many', Measured[]> = { few: [], many: [] }
  for (const place of [few, many]) await load(place.server.url, operationOf(place), 1)
  for (let round = 0; round < rounds; round++) {
    for (const [which, place] of [['few', few] as const, ['many', many] as const]) {
      const { database, server } = place
      figures[which].push(await measure(database, server, { operation: operationOf(place), seconds }))
    }
  }
  const medianOf = (which: keyof typeof figures, figure: keyof Measured) =>
    percentile(
      figures[which].map((one) => one[figure]),
      0.5,
    )
  const ratioOf = (figure: keyof Measured) => (medianOf('many', figure) / medianOf('few', figure)).toFixed(2)
  print(
    `  ${name.padEnd(20)} rate ${ratioOf('perSecond')}, p50 ${ratioOf('p50Ms')}, processor time of the server ${ratioOf('serverMicroseconds')}, of the database ${ratioOf('databaseMicroseconds')}`,
  )
}
