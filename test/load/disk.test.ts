import { randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
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
import { useWorld, type World } from '../support/world.ts'

/** The bytes a second that one client may fill, counted from its first request on. */
const bytesPerSecondMax = 100_000
const floodSeconds = 30

describe.each([
  ['by default', false],
  ['in development from the same machine', true],
])('%s', (_when, isDevelopment) => {
  const world = useWorld({ rateLimits: {}, isDevelopment })

  test('a client that stores whatever it can fills less than 0.1 MB of disk a second', async () => {
    const { bytes, seconds, tried, refused } = await flood(world, floodSeconds)
    process.stdout.write(`${report({ bytes, seconds })} with limits, ${String(tried)} attempts\n`)
    // A machine that is slower than the limits shows nothing.
    expect(refused).toBeGreaterThan(20)
    expect(bytes / seconds).toBeLessThan(bytesPerSecondMax)
  }, 90_000)
})

describe('without limits', () => {
  const world = useWorld()

  test('the same client fills more, so that the measurement would notice', async ({ skip }) => {
    const { bytes, seconds, tried } = await flood(world, 8)
    process.stdout.write(`${report({ bytes, seconds })} without limits, ${String(tried)} attempts\n`)
    skip(tried < 100 * seconds, 'Not measured: the machine is too busy to fill 0.1 MB of disk a second.')
    expect(bytes / seconds).toBeGreaterThan(bytesPerSecondMax)
  })
})

function report({ bytes, seconds }: { bytes: number; seconds: number }): string {
  return `${(bytes / seconds / 1e6).toFixed(3)} MB of disk a second`
}

/** Does everything that stores something, as fast as it is answered. */
async function flood(
  { url, sql }: World,
  forSeconds: number,
): Promise<{ bytes: number; seconds: number; tried: number; refused: number }> {
  const deeds = await deedsOf(url, await openAccount(url))
  const size = async () => {
    const [row] = await sql<{ bytes: string }[]>`SELECT pg_database_size(current_database()) AS bytes`
    return Number(row?.bytes)
  }
  const before = await size()
  const startedMs = performance.now()
  let tried = 0
  let refused = 0
  await Promise.all(
    deeds.map(async (deed) => {
      while (performance.now() - startedMs < forSeconds * 1000) {
        tried += 1
        if ((await deed()).code === 'RATE_LIMITED') refused += 1
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
