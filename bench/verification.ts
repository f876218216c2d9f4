/**
 * Verifications a second, as the key server answers them and as an application server gets them: from the verifier's
 * cache, by single requests, by batched requests, and in lists of 100; with and without the signed answer; each compared
 * with a plain REST endpoint on the same embedded database. Everything is on this machine's loopback, and servers and load
 * generator compete for its cores, so only the ratios mean something.
 *
 *   node bench/verification.ts     about 50 seconds
 */
import { randomUUID } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { exportJWK, generateKeyPair } from 'jose'
import type postgres from 'postgres'
import { createVerifier, type Verifier, type VerifierOptions } from '../client/verifier.ts'
import { parsePublicJwk, type PublicJwk } from '../schema/wire/keys/jwk.ts'
import { thumbprint } from '../schema/wire/keys/thumbprint.ts'
import { accountIdOf } from '../server/accounts/account-id.ts'
import { startBenchDatabase } from './support/database.ts'
import { print } from './support/figures.ts'
import { generateLoad } from './support/load.ts'
import { startKeyServer, startServer } from './support/processes.ts'
import { httpRequest } from './support/signing.ts'

const owners = 1_000
const batch = 100
const many = 64
const rounds = 2
const warmUpMs = 300
const measuredMs = 1_200
const applicationServer = 'https://shop.example'
const facts = 'coincides valid state notBefore expiresAt certificate checkedAt'

interface Query {
  readonly owner: string
  readonly applicationServer: string
  readonly publicKey: PublicJwk
}

/** Verifies for a time. @returns verifications a second */
type Way = (forMs: number) => Promise<number>

const database = await startBenchDatabase()
try {
  const queries = await store(database.sql)
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
    'What the key server answers',
    ['REST', 'GraphQL', '+ answer'],
    [
      ['single requests, one after the other', overHttp(queries, urls, { connections: 1, size: 1 })],
      [`single requests, ${many} at once`, overHttp(queries, urls, { connections: many, size: 1 })],
      [`batches of ${batch}, 4 at once`, overHttp(queries, urls, { connections: 4, size: batch })],
    ],
  )
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

/** Prepared requests over persistent connections. */
function overHttp(
  queries: readonly Query[],
  urls: { claviger: string; rest: string },
  { connections, size }: { connections: number; size: number },
): readonly Way[] {
  const groups = Array.from({ length: Math.floor(queries.length / size) }, (_, index) =>
    queries.slice(index * size, (index + 1) * size),
  )
  const way = (url: string, bodyOf: (group: readonly Query[]) => unknown): Way => {
    const requests = groups.map((group) => httpRequest(new URL(url), JSON.stringify(bodyOf(group))))
    return async (forMs) => {
      const options = { url, connections, forMs, expected: '"valid":true' }
      return (await generateLoad(inTurns(requests), options)).perSecond * size
    }
  }
  const graphql = `${urls.claviger}/graphql`
  return [
    way(urls.rest, (group) => group),
    way(graphql, (group) => operation(group, facts)),
    way(graphql, (group) => operation(group, `${facts} answer`)),
  ]
}

function operation(group: readonly Query[], fields: string): object {
  return group.length === 1
    ? {
        query: `query ($input: VerifyPublicKeyInput!) { verifyPublicKey(input: $input) { ${fields} } }`,
        variables: { input: group[0] },
      }
    : {
        query: `query ($inputs: [VerifyPublicKeyInput!]!) { verifyPublicKeys(inputs: $inputs) { ${fields} } }`,
        variables: { inputs: group },
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

/** One key for each of the owners. */
async function store(sql: postgres.Sql): Promise<Query[]> {
  const queries = await Promise.all(
    Array.from({ length: owners }, async (_, index) => {
      const { publicKey } = await generateKeyPair('Ed25519', { extractable: true })
      const owner = `owner-${index}`
      return { owner, applicationServer, publicKey: parsePublicJwk(await exportJWK(publicKey)) }
    }),
  )
  const accountIds = queries.map(({ owner }) => accountIdOf(owner))
  const ids = queries.map(() => randomUUID())
  const thumbprints = await Promise.all(queries.map(({ publicKey }) => thumbprint(publicKey)))
  await sql`
    INSERT INTO accounts (id, name)
    SELECT * FROM unnest(${accountIds}::uuid[], ${queries.map(({ owner }) => owner)}::text[])`
  await sql`
    INSERT INTO transaction_keys (account_id, id, application_server, public_key, thumbprint, expiry_notices,
      has_default_notices, content_hash)
    SELECT account_id, id, ${applicationServer}, public_key::jsonb, thumbprint, '{}', true, ''
    FROM unnest(${accountIds}::uuid[], ${ids}::uuid[],
      ${queries.map(({ publicKey }) => JSON.stringify(publicKey))}::text[], ${thumbprints}::text[]
    ) AS stored (account_id, id, public_key, thumbprint)`
  await sql`
    INSERT INTO transaction_key_usage (account_id, transaction_key_id, overuse_policy)
    SELECT account_id, id, 'NOTIFY' FROM unnest(${accountIds}::uuid[], ${ids}::uuid[]) AS stored (account_id, id)`
  await sql`ANALYZE`
  return queries
}
