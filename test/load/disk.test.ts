import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest'
import { registerMutation } from '../support/key-changes.ts'
import {
  acquire,
  call,
  createRawKey,
  openAccount,
  storeInput,
  storeKey,
  storeMutation,
  wrap,
  type GraphQLAnswer,
  type RawAccount,
  type RawKey,
} from '../support/raw-client.ts'
import { run, type TestProcess } from '../support/processes.ts'
import { freePort } from '../support/server.ts'
import { useWorld, type World } from '../support/world.ts'

/** The bytes a second that one client may fill, counted from its first request on. */
const bytesPerSecondMax = 100_000
const floodSeconds = 30

describe('by default', () => {
  const world = useWorld({ rateLimits: {} })

  test('a client that stores whatever it can fills less than 0.1 MB of disk a second', async ({ skip }) => {
    expectBounded(await flood({ url: world.url, size: () => databaseSizeOf(world) }, floodSeconds), skip)
  }, 90_000)
})

describe('in development, from the same machine,', () => {
  let directory: string
  let server: TestProcess | undefined

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'claviger-disk-'))
  })
  afterAll(async () => {
    await server?.stop()
    await rm(directory, { recursive: true, force: true })
  })

  test('so does one that fills the directory of the data, the WAL in it, and the log', async ({ skip }) => {
    const port = await freePort()
    const serving = run(['client/bin/claviger.js', 'serve'], { PORT: String(port), DATA_DIR: directory })
    server = serving
    await serving.says('is ready')
    const size = async () => (await bytesIn(directory)) + serving.output().length
    const flooded = await flood({ url: `http://127.0.0.1:${String(port)}`, size }, floodSeconds)
    expect(serving.output()).toContain('"msg":"request"')
    expectBounded(flooded, skip)
  }, 120_000)
})

describe('without limits', () => {
  const world = useWorld()

  test('the same client fills more, so that the measurement would notice', async ({ skip }) => {
    const { bytes, seconds, tried } = await flood({ url: world.url, size: () => databaseSizeOf(world) }, 8)
    process.stdout.write(`${report({ bytes, seconds })} without limits, ${String(tried)} attempts\n`)
    skip(
      bytes / seconds <= bytesPerSecondMax && tried < 100 * seconds,
      'Not measured: the machine is too busy to fill 0.1 MB of disk a second.',
    )
    expect(bytes / seconds).toBeGreaterThan(bytesPerSecondMax)
  })
})

function report({ bytes, seconds }: { bytes: number; seconds: number }): string {
  return `${(bytes / seconds / 1e6).toFixed(3)} MB of disk a second`
}

function expectBounded({ bytes, seconds, tried, refused }: Flood, skip: TestContext['skip']): void {
  process.stdout.write(`${report({ bytes, seconds })} with limits, ${String(tried)} attempts\n`)
  expect(bytes / seconds).toBeLessThan(bytesPerSecondMax)
  skip(refused <= 20 && tried < 20 * seconds, 'Not measured: the machine is slower than the limits.')
  expect(refused).toBeGreaterThan(20)
}

async function databaseSizeOf({ sql }: World): Promise<number> {
  const [row] = await sql<{ bytes: string }[]>`SELECT pg_database_size(current_database()) AS bytes`
  return Number(row?.bytes)
}

/** As `du` counts them. A file may go meanwhile. */
async function bytesIn(directory: string): Promise<number> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true })
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }) =>
        stat(join(parentPath, name)).then(
          (found) => found.size,
          () => 0,
        ),
      ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

interface Flood {
  readonly bytes: number
  readonly seconds: number
  readonly tried: number
  readonly refused: number
}

/**
 * A client that asks again sooner is only refused more often, which its limits and the log's bear; this often, a line for each
 * refusal would already be seen.
 */
const pauseAfterRefusalMs = 50

/** Does everything that stores something, as fast as it is answered, and soon again after a refusal. */
async function flood(
  { url, size }: { readonly url: string; readonly size: () => Promise<number> },
  forSeconds: number,
): Promise<Flood> {
  const deeds = await deedsOf(url, await openAccount(url))
  const before = await size()
  const startedMs = performance.now()
  let tried = 0
  let refused = 0
  await Promise.all(
    deeds.map(async (deed) => {
      while (performance.now() - startedMs < forSeconds * 1000) {
        tried += 1
        if ((await deed()).code !== 'RATE_LIMITED') continue
        refused += 1
        await delay(pauseAfterRefusalMs)
      }
    }),
  )
  const seconds = (performance.now() - startedMs) / 1000
  return { bytes: (await size()) - before, seconds, tried, refused }
}

async function deedsOf(
  url: string,
  { name, key }: RawAccount,
): Promise<readonly (() => Promise<GraphQLAnswer>)[]> {
  const stranger = await createRawKey()
  const large = await wrap(key, { kty: 'oct', k: 'x'.repeat(11_000) })
  const template = await storeInput(key)
  const shops = Array.from({ length: 5 }, (_, index) => `https://shop-${String(index)}.example`)
  const store = (applicationServer: string) =>
    call(url, key, {
      query: storeMutation,
      variables: {
        input: {
          ...template,
          id: randomUUID(),
          publicKey: null,
          applicationServer,
          wrappedKeys: [{ managementKeyId: key.id, jwe: large }],
        },
      },
    })
  for (const shop of shops) await store(shop)
  const first = await storeKey(url, key)
  return [
    async () => openingOf(url, await createRawKey()),
    () => store(`s${randomBytes(120).toString('hex')}`),
    () => {
      const id = randomBytes(16).toString('base64url')
      const payload = randomBytes(6_000).toString('base64')
      return call(url, null, {
        query: `mutation { openPairing(input: { id: "${id}", payload: "${payload}" }) { id } closePairing(id: "${id}") }`,
      })
    },
    () => {
      const input = { applicationServer: randomBytes(127).toString('hex'), signingKey: stranger.signingKey }
      return call(url, stranger, { query: registerMutation, variables: { input } })
    },
    () =>
      call(url, null, {
        query: 'query ($inputs: [VerifyPublicKeyInput!]!) { verifyPublicKeys(inputs: $inputs) { valid } }',
        variables: {
          inputs: Array.from({ length: 100 }, (_, index) => ({
            owner: name,
            applicationServer: shops[index % shops.length],
            publicKey: { kty: 'OKP', crv: 'Ed25519', x: randomBytes(32).toString('base64url') },
          })),
        },
      }),
    () => call(url, key, { query: '{ account { name } }' }),
    () => {
      const changes = Array.from(
        { length: 10 },
        (_, index) =>
          `a${String(index)}: updateTransactionKey(input: { id: "${first.id}", label: "${randomUUID()}" }) { id }`,
      )
      return call(url, key, { query: `mutation { ${changes.join(' ')} }` })
    },
    // These store nothing, and leave a line in the log each.
    () => call(url, null, { query: '{ nonsense }' }),
    () => call(url, { ...stranger, id: key.id }, { query: '{ account { name } }' }),
    () => acquire(url, key, { id: first.id, acquisitionId: randomUUID() }),
  ]
}

function openingOf(url: string, { signingKey, wrappingKey, ...key }: RawKey): Promise<GraphQLAnswer> {
  return call(
    url,
    { signingKey, wrappingKey, ...key },
    {
      query: 'mutation ($input: OpenAccountInput!) { openAccount(input: $input) { id } }',
      variables: {
        input: {
          name: `o-${randomUUID()}`,
          managementKey: { label: 'x'.repeat(255), signingKey, wrappingKey },
        },
      },
    },
  )
}
