/**
 * Verifications a second as an application server gets them in its own process: from the verifier's cache, by single and by
 * batched requests, with and without the signed answer; compared with a plain REST endpoint on the same embedded database.
 * Everything is on this machine's loopback, and servers and load compete for its cores, so only the ratios mean something.
 *
 *   node bench/verification.ts     about 30 seconds
 */
import { availableParallelism } from 'node:os'
import { createVerifier, type Verifier, type VerifierOptions } from '../client/verifier.ts'
import type { PublicJwk } from '../schema/wire/keys/jwk.ts'
import { startBenchDatabase } from './support/database.ts'
import { print } from './support/figures.ts'
import { applicationServer, storeOwners } from './support/owners.ts'
import { startKeyServer, startServer } from './support/processes.ts'

const owners = 1_000
const many = 64
const rounds = 2
const warmUpMs = 300
const measuredMs = 1_200

interface Query {
  readonly owner: string
  readonly applicationServer: string
  readonly publicKey: PublicJwk
}

/** Verifies for a time. @returns verifications a second */
type Way = (forMs: number) => Promise<number>

const database = await startBenchDatabase()
try {
  const stored = await storeOwners(database.sql, { count: owners, keysEach: 1 })
  const queries = stored.flatMap(({ name, publicKeys }) =>
    publicKeys.map((publicKey) => ({ owner: name, applicationServer, publicKey })),
  )
  const claviger = await startKeyServer(database.url)
  const rest = await startServer('bare-verifications.ts', { args: [database.url] })
  try {
    await report(queries, { claviger: claviger.url, rest: rest.url })
  } finally {
    await Promise.all([claviger.stop(), rest.stop()])
  }
} finally {
  await database.stop()
}

async function report(queries: readonly Query[], urls: { claviger: string; rest: string }): Promise<void> {
  print(`Verifications a second, and as a share of REST. ${availableParallelism()} cores for all processes.`)
  await compare(
    'What an application server gets, in its own process',
    ['REST by fetch', 'no cache', '+ answer', 'cache hit'],
    [
      ['one after the other', await inProcess(queries, urls, { concurrency: 1 })],
      [`${many} at once (batched)`, await inProcess(queries, urls, { concurrency: many })],
    ],
  )
}

/** Measures in turns, so that what else the machine does affects all of them. */
async function compare(
  title: string,
  columns: readonly string[],
  rows: readonly (readonly [string, readonly Way[]])[],
): Promise<void> {
  const line = (name: string, cells: readonly string[]) => {
    print(`${name.padEnd(38)}${cells.map((cell) => cell.padStart(17)).join('')}`)
  }
  print('')
  line(title, [])
  line('', columns)
  for (const [name, ways] of rows) {
    const rates = ways.map(() => 0)
    for (let round = 0; round < rounds; round++) {
      for (const [index, run] of ways.entries()) {
        await run(warmUpMs)
        rates[index] = (rates[index] ?? 0) + (await run(measuredMs)) / rounds
      }
    }
    const [reference = NaN] = rates
    line(
      name,
      rates.map((rate) => `${rate.toFixed(0)} (${(rate / reference).toFixed(2)})`),
    )
  }
}

/** A plain client of the REST endpoint, and the verifier without a cache and with every key cached. */
async function inProcess(
  queries: readonly Query[],
  urls: { claviger: string; rest: string },
  { concurrency }: { concurrency: number },
): Promise<readonly Way[]> {
  const way = (verify: (one: Query) => Promise<boolean>): Way => {
    return async (forMs) => {
      const queue = inTurns(queries)
      const beganMs = performance.now()
      let count = 0
      await Promise.all(
        Array.from({ length: concurrency }, async () => {
          while (performance.now() - beganMs < forMs) {
            if (!(await verify(queue.next().value))) throw new Error('A key was not valid.')
            count++
          }
        }),
      )
      return (count * 1000) / (performance.now() - beganMs)
    }
  }
  const verifierWith = (options: Partial<VerifierOptions>) =>
    createVerifier({ url: urls.claviger, applicationServer, ...options })
  const by = (verifier: Verifier): Way => way(async (one) => (await verifier.verify(one)).valid)
  const caching = verifierWith({})
  await Promise.all(queries.map((one) => caching.verify(one)))
  // The issuer is the first of the public URLs.
  const issuer = urls.claviger.replace('127.0.0.1', 'localhost')
  return [
    way((one) => verifyByRest(urls.rest, one)),
    by(verifierWith({ cacheSeconds: 0 })),
    by(verifierWith({ cacheSeconds: 0, signedAnswers: { jwks: 'fetch', issuer } })),
    by(caching),
  ]
}

async function verifyByRest(url: string, query: Query): Promise<boolean> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify([query]) })
  return (await response.text()).includes('"valid":true')
}

function* inTurns<T>(items: readonly T[]): Generator<T, never, undefined> {
  for (;;) yield* items
}
