/**
 * Verifications a second: single requests, many at once (which the server gathers into one statement), and batches of
 * 100; with and without the signed answer; beside a plain REST endpoint on the same embedded database. Everything is on
 * this machine's loopback, servers and load generator compete for its cores, and so only the ratios mean something.
 *
 *   node bench/verification.ts     about 40 seconds
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exportJWK, generateKeyPair } from 'jose'
import { parsePublicJwk, thumbprint, type PublicJwk } from '../schema/wire/jwk.ts'
import { accountIdOf } from '../server/accounts/account-id.ts'
import { connectSql } from '../server/database/connect.ts'
import { startEmbeddedPostgres } from '../server/database/embedded/index.ts'
import { migrate } from '../server/database/migrate.ts'
import { generateLoad, type LoadRequest } from './load.ts'
import { freePort, untilAnswers } from './support/processes.ts'

const owners = 1_000
const batch = 100
const rounds = 2
const warmUpMs = 300
const measuredMs = 1_100
const facts = 'coincides valid state notBefore expiresAt certificate checkedAt'

interface Asked {
  readonly owner: string
  readonly applicationServer: string
  readonly publicKey: PublicJwk
}

const directory = await mkdtemp(join(tmpdir(), 'claviger-bench-'))
const postgres = await startEmbeddedPostgres({ dataDirectory: directory })
const children: ChildProcess[] = []
try {
  await migrate(postgres.url)
  await report(await store(postgres.url), await startServers(postgres.url))
} finally {
  for (const child of children) child.kill('SIGTERM')
  await Promise.all(
    children.map((child) => (child.exitCode === null ? once(child, 'exit') : Promise.resolve())),
  )
  await postgres.stop()
  await rm(directory, { recursive: true, force: true })
}

/** One key for each of the owners. */
async function store(url: string): Promise<Asked[]> {
  const asked = await Promise.all(
    Array.from({ length: owners }, async (_, index) => {
      const { publicKey } = await generateKeyPair('Ed25519', { extractable: true })
      return {
        owner: `owner-${String(index)}`,
        applicationServer: 'https://shop.example',
        publicKey: parsePublicJwk(await exportJWK(publicKey)),
      }
    }),
  )
  const accountIds = asked.map(({ owner }) => accountIdOf(owner))
  const ids = asked.map(() => randomUUID())
  const thumbprints = await Promise.all(asked.map(({ publicKey }) => thumbprint(publicKey)))
  const sql = connectSql(url, { max: 1 })
  await sql`
    INSERT INTO accounts (id, name)
    SELECT * FROM unnest(${accountIds}::uuid[], ${asked.map(({ owner }) => owner)}::text[])`
  await sql`
    INSERT INTO transaction_keys (account_id, id, application_server, public_key, thumbprint, expiry_notices,
      has_default_notices, content_hash)
    SELECT account_id, id, ${'https://shop.example'}, public_key::jsonb, thumbprint, '{}', true, ''
    FROM unnest(${accountIds}::uuid[], ${ids}::uuid[],
      ${asked.map(({ publicKey }) => JSON.stringify(publicKey))}::text[], ${thumbprints}::text[]
    ) AS stored (account_id, id, public_key, thumbprint)`
  await sql`
    INSERT INTO transaction_key_usage (account_id, transaction_key_id, overuse_policy)
    SELECT account_id, id, 'NOTIFY' FROM unnest(${accountIds}::uuid[], ${ids}::uuid[]) AS stored (account_id, id)`
  await sql`ANALYZE`
  await sql.end({ timeout: 5 })
  return asked
}

async function startServers(databaseUrl: string): Promise<{ graphql: string; rest: string }> {
  const [graphqlPort, restPort] = [await freePort(), await freePort()]
  start('../server/main.ts', [], {
    DATABASE_URL: databaseUrl,
    SERVER_KEY_SECRET: randomBytes(32).toString('base64url'),
    PORT: String(graphqlPort),
    NODE_ENV: 'production',
    LOG_LEVEL: 'error',
  })
  start('rest-server.ts', [databaseUrl, String(restPort)], { NODE_ENV: 'production' })
  const [graphql, rest] = [`http://127.0.0.1:${String(graphqlPort)}`, `http://127.0.0.1:${String(restPort)}`]
  await Promise.all([untilAnswers(`${graphql}/readyz`), untilAnswers(rest)])
  return { graphql: `${graphql}/graphql`, rest }
}

async function report(asked: readonly Asked[], urls: { graphql: string; rest: string }): Promise<void> {
  const loads = [
    { name: 'single requests, one after the other', concurrency: 1, size: 1 },
    { name: 'single requests, 64 at once', concurrency: 64, size: 1 },
    { name: `batches of ${String(batch)}, 4 at once`, concurrency: 4, size: batch },
  ]
  const ways = [
    { name: 'REST', build: (group: readonly Asked[]) => restRequest(urls.rest, group) },
    { name: 'GraphQL', build: (group: readonly Asked[]) => graphqlRequest(urls.graphql, group, '') },
    { name: '+ answer', build: (group: readonly Asked[]) => graphqlRequest(urls.graphql, group, ' answer') },
  ]
  const cores = String(availableParallelism())
  process.stdout.write(
    `Verifications a second, and as a share of REST. ${cores} cores for all processes.\n\n`,
  )
  process.stdout.write(`${''.padEnd(38)}${ways.map(({ name }) => name.padStart(16)).join('')}\n`)
  for (const { name, concurrency, size } of loads) {
    const rates = ways.map(() => 0)
    const groups = Array.from({ length: Math.floor(asked.length / size) }, (_, index) =>
      asked.slice(index * size, (index + 1) * size),
    )
    // In turns, so that what else the machine does meets all of them.
    for (let round = 0; round < rounds; round++) {
      for (const [index, way] of ways.entries()) {
        const requests = groups.map((group) => way.build(group))
        const options = { concurrency, refused: '"valid":false' }
        await generateLoad(requests, { ...options, forMs: warmUpMs })
        const rate = await generateLoad(requests, { ...options, forMs: measuredMs })
        rates[index] = (rates[index] ?? 0) + (rate * size) / rounds
      }
    }
    const [reference = NaN] = rates
    const cells = rates.map((rate) => `${rate.toFixed(0)} (${(rate / reference).toFixed(2)})`.padStart(16))
    process.stdout.write(`${name.padEnd(38)}${cells.join('')}\n`)
  }
}

function restRequest(url: string, group: readonly Asked[]): LoadRequest {
  return { url, body: JSON.stringify(group) }
}

function graphqlRequest(url: string, group: readonly Asked[], more: string): LoadRequest {
  const [input] = group
  const body =
    group.length === 1
      ? {
          query: `query ($input: VerifyPublicKeyInput!) { verifyPublicKey(input: $input) { ${facts}${more} } }`,
          variables: { input },
        }
      : {
          query: `query ($inputs: [VerifyPublicKeyInput!]!) { verifyPublicKeys(inputs: $inputs) { ${facts}${more} } }`,
          variables: { inputs: group },
        }
  return { url, body: JSON.stringify(body) }
}

function start(script: string, args: readonly string[], env: Record<string, string>): void {
  const path = fileURLToPath(new URL(script, import.meta.url))
  children.push(spawn(process.execPath, [path, ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] }))
}
