import { randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { RateLimitName } from '../../../server/rate-limits/rate-limit-names.ts'
import { registerMutation } from '../../support/key-changes.ts'
import {
  call,
  createRawKey,
  openAccount,
  send,
  signRequest,
  type SignedRequest,
  storeKey,
  type RawKey,
} from '../../support/raw-client.ts'
import { useWorld } from '../../support/world.ts'

/** Three at once, and one more a minute. */
const three = { count: 3, seconds: 180 }

/** Two servers on one database where nothing is limited but this. A header names the client. */
function useLimited(name: RateLimitName, limit: { count: number; seconds: number } = three) {
  return useWorld({
    count: 2,
    trustedProxies: ['127.0.0.1'],
    rateLimits: {
      'signature-failures': null,
      openings: null,
      registrations: null,
      pairings: null,
      verifications: null,
      mismatches: null,
      acquisitions: null,
      'written-bytes': null,
      'log-lines': null,
      [name]: limit,
    },
  })
}

let addresses = 0

/** An address that no test has used. */
function newAddress(): string {
  addresses += 1
  return `198.51.100.${String(addresses)}`
}

/** Sends a request as a client at this address. */
async function from(
  address: string,
  url: string,
  key: RawKey | null,
  request: { query: string; variables?: unknown },
) {
  const body = JSON.stringify(request)
  const signed: SignedRequest =
    key === null
      ? { url: `${url}/graphql`, headers: { 'content-type': 'application/json' }, body }
      : await signRequest(url, key, request)
  const headers: Record<string, string> = { ...signed.headers, 'x-forwarded-for': address }
  return { ...signed, headers }
}

async function codeOf(...[address, url, key, request]: Parameters<typeof from>): Promise<unknown> {
  return (await send(await from(address, url, key, request))).code
}

function opening({ id: _id, signingKey, wrappingKey }: RawKey) {
  return {
    query: 'mutation ($input: OpenAccountInput!) { openAccount(input: $input) { id } }',
    variables: {
      input: { name: `o-${randomUUID()}`, managementKey: { label: 'x', signingKey, wrappingKey } },
    },
  }
}

function verification(count: number) {
  const input = {
    owner: 'nobody',
    applicationServer: 'https://shop.example',
    publicKey: { kty: 'OKP', crv: 'Ed25519', x: randomBytes(32).toString('base64url') },
  }
  return {
    query: 'query ($inputs: [VerifyPublicKeyInput!]!) { verifyPublicKeys(inputs: $inputs) { valid } }',
    variables: { inputs: Array.from({ length: count }, () => input) },
  }
}

describe('openings of accounts', () => {
  const world = useLimited('openings')

  test('are counted by address and by all servers together, and the answer says when to try again', async () => {
    const [one, two] = world.servers.map(({ url }) => url)
    const address = newAddress()
    const attempts = [one, two, one].map(async (url = '') => {
      const key = await createRawKey()
      return codeOf(address, url, key, opening(key))
    })
    expect(await Promise.all(attempts)).toEqual([undefined, undefined, undefined])
    for (const url of [one ?? '', two ?? '']) {
      const key = await createRawKey()
      const { url: endpoint, headers, body } = await from(address, url, key, opening(key))
      const response = await fetch(endpoint, { method: 'POST', headers, body })
      expect(response.status).toBe(429)
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(Number(response.headers.get('retry-after'))).toBeLessThanOrEqual(60)
      expect(await response.json()).toMatchObject({
        errors: [
          {
            extensions: {
              code: 'RATE_LIMITED',
              retryAfterSeconds: Number(response.headers.get('retry-after')),
            },
          },
        ],
      })
    }
    const key = await createRawKey()
    expect(await codeOf(newAddress(), one ?? '', key, opening(key))).toBeUndefined()
  })

  test('of 60 that come to two servers at once, three succeed', async () => {
    const address = newAddress()
    const codes = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const key = await createRawKey()
        return codeOf(address, world.servers[index % 2]?.url ?? '', key, opening(key))
      }),
    )
    expect(codes.filter((code) => code === undefined)).toHaveLength(3)
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(57)
  })

  test('are open again when the time is over, which is kept as a hash', async () => {
    const address = newAddress()
    const key = await createRawKey()
    for (let taken = 0; taken < 3; taken++) await codeOf(address, world.url, key, opening(key))
    const rows = await world.sql`SELECT limit_name, client FROM rates`
    expect(rows.length).toBeGreaterThan(0)
    expect(JSON.stringify(rows)).not.toContain('198.51')
    await world.sql`UPDATE rates SET full_at = clock_timestamp() - interval '1 second'`
    const [, other] = world.servers
    expect(await codeOf(address, other?.url ?? '', await createRawKey(), opening(key))).not.toBe(
      'RATE_LIMITED',
    )
  })
})

describe('signature failures', () => {
  const world = useLimited('signature-failures')

  test('close an address to signatures, and no account to its owner', async () => {
    const { key } = await openAccount(world.url)
    const address = newAddress()
    const query = '{ account { id } }'
    for (let failed = 0; failed < 3; failed++) {
      const forged = await from(address, world.url, key, { query })
      const signature = `sig1=:${randomBytes(64).toString('base64')}:`
      const [label = 'sig1'] = forged.headers['signature']?.split('=', 1) ?? []
      const answer = await send({
        ...forged,
        headers: { ...forged.headers, signature: signature.replace('sig1', label) },
      })
      expect(answer).toMatchObject({ status: 401, errors: [{ extensions: { reason: 'SIGNATURE_INVALID' } }] })
    }
    expect(await codeOf(address, world.url, key, { query })).toBe('RATE_LIMITED')
    expect(await codeOf(newAddress(), world.url, key, { query })).toBeUndefined()
    // Unsigned operations go on.
    expect(await codeOf(address, world.url, null, { query: '{ keyServer { version } }' })).toBeUndefined()
  })
})

describe('verifications', () => {
  const world = useLimited('verifications', { count: 10, seconds: 600 })

  test('are counted one by one', async () => {
    const address = newAddress()
    expect(await codeOf(address, world.url, null, verification(8))).toBeUndefined()
    expect(await codeOf(address, world.url, null, verification(3))).toBe('RATE_LIMITED')
    expect(await codeOf(address, world.url, null, verification(2))).toBeUndefined()
    expect(await codeOf(address, world.url, null, verification(1))).toBe('RATE_LIMITED')
    expect(await codeOf(newAddress(), world.url, null, verification(1))).toBeUndefined()
  })
})

describe('acquisitions', () => {
  const world = useLimited('acquisitions')

  test('are counted by account, wherever they come from, and a refused one counts as no use', async () => {
    const { key } = await openAccount(world.url)
    const { id } = await storeKey(world.url, key)
    const acquire = { query: `{ wrappedKey(transactionKeyId: "${id}") { jwe } }` }
    for (let taken = 0; taken < 3; taken++) {
      expect(await codeOf(newAddress(), world.url, key, acquire)).toBeUndefined()
    }
    expect(await codeOf(newAddress(), world.url, key, acquire)).toBe('RATE_LIMITED')
    const read = await call(world.url, key, { query: `{ transactionKey(id: "${id}") { useCount } }` })
    expect(read.data).toEqual({ transactionKey: { useCount: 3 } })
  })

  test('are counted by address, whoever asks', async () => {
    const address = newAddress()
    const codes: unknown[] = []
    for (let taken = 0; taken < 4; taken++) {
      const { key } = await openAccount(world.url)
      const { id } = await storeKey(world.url, key)
      codes.push(
        await codeOf(address, world.url, key, { query: `{ wrappedKey(transactionKeyId: "${id}") { jwe } }` }),
      )
    }
    expect(codes).toEqual([undefined, undefined, undefined, 'RATE_LIMITED'])
  })
})

describe('written bytes', () => {
  const world = useLimited('written-bytes', { count: 20_000, seconds: 200_000 })

  test('are those of signed bodies, and a request beyond them leaves nothing behind', async () => {
    const { key } = await openAccount(world.url)
    const padded = (length: number) => ({
      query: '{ account { id } }',
      variables: { padding: 'x'.repeat(length) },
    })
    const address = newAddress()
    expect(await codeOf(address, world.url, key, padded(15_000))).toBeUndefined()
    const nonces = async () => (await world.sql`SELECT FROM nonces`).length
    const before = await nonces()
    const refused = await from(address, world.url, key, padded(15_000))
    expect(await send(refused)).toMatchObject({ status: 429, code: 'RATE_LIMITED' })
    expect(await nonces()).toBe(before)
    // Another account of the address, and the same account elsewhere.
    const other = await openAccount(world.url)
    expect(await codeOf(address, world.url, other.key, padded(15_000))).toBe('RATE_LIMITED')
    expect(await codeOf(newAddress(), world.url, key, padded(15_000))).toBe('RATE_LIMITED')
    expect(await codeOf(newAddress(), world.url, other.key, padded(15_000))).toBeUndefined()
  })

  test('are those of each change too, of which a request may make several', async () => {
    const { key } = await openAccount(world.url)
    const { id } = await storeKey(world.url, key)
    const change = (alias: string) =>
      `${alias}: updateTransactionKey(input: { id: "${id}", label: "${alias}" }) { id }`
    const query = `mutation { ${['a', 'b', 'c', 'd', 'e'].map(change).join(' ')} }`
    const address = newAddress()
    const codes: unknown[] = []
    // A change is counted as 1,024 bytes and a request as 512, beside its body.
    for (let asked = 0; asked < 3; asked++) codes.push(await codeOf(address, world.url, key, { query }))
    expect(codes).toEqual([undefined, undefined, 'RATE_LIMITED'])
  })
})

describe('pairings', () => {
  const world = useLimited('pairings')

  test('are counted also when each is closed before the next one is opened', async () => {
    const address = newAddress()
    const codes: unknown[] = []
    for (let opened = 0; opened < 4; opened++) {
      const id = randomBytes(16).toString('base64url')
      codes.push(
        await codeOf(address, world.servers[opened % 2]?.url ?? '', null, {
          query: `mutation { openPairing(input: { id: "${id}", payload: "x" }) { id } closePairing(id: "${id}") }`,
        }),
      )
    }
    expect(codes).toEqual([undefined, undefined, undefined, 'RATE_LIMITED'])
  })
})

describe('registrations of application servers', () => {
  const world = useLimited('registrations')

  test('are counted by address', async () => {
    const address = newAddress()
    const codes: unknown[] = []
    for (let registered = 0; registered < 4; registered++) {
      const key = await createRawKey()
      const input = { applicationServer: 'made.invalid', signingKey: key.signingKey }
      codes.push(await codeOf(address, world.url, key, { query: registerMutation, variables: { input } }))
    }
    expect(codes).toEqual([undefined, undefined, undefined, 'RATE_LIMITED'])
  })
})

describe('presented keys that are not the owner’s', () => {
  const world = useLimited('mismatches')

  test('are answered beyond the limit too, and only the owner is told of no more', async () => {
    const { name, key } = await openAccount(world.url)
    const { applicationServer } = await storeKey(world.url, key)
    const address = newAddress()
    for (let shown = 0; shown < 6; shown++) {
      const publicKey = { kty: 'OKP', crv: 'Ed25519', x: randomBytes(32).toString('base64url') }
      const input = { owner: name, applicationServer, publicKey }
      const answer = await send(
        await from(address, world.url, null, {
          query: 'query ($input: VerifyPublicKeyInput!) { verifyPublicKey(input: $input) { coincides } }',
          variables: { input },
        }),
      )
      expect(answer.data).toEqual({ verifyPublicKey: { coincides: false } })
    }
    await expect
      .poll(() => world.server.logLines.some((line) => line.includes('Mismatches were dropped')), {
        timeout: 10_000,
      })
      .toBe(true)
    await expect
      .poll(async () => (await world.sql`SELECT FROM mismatches`).length, { timeout: 10_000 })
      .toBe(3)
    expect((await world.sql`SELECT FROM alerts`).length).toBeLessThanOrEqual(3)
  })
})
