import { expect, test } from 'vitest'
import { createNonce } from '../../../schema/wire/signatures/http-signature.ts'
import {
  call,
  createRawKey,
  openAccount,
  send,
  signRequest,
  storeInput,
  storeMutation,
  wrappedKeyQuery,
  type RawKey,
  type SignedRequest,
} from '../../support/raw-client.ts'
import {
  expectRefusal,
  expectUnauthenticated,
  pick,
  succeed,
  useWorld,
  type Operation,
} from '../../support/operations.ts'

const world = useWorld({ alsoKnownAs: ['https://keys.example'] })
const accountQuery = { query: '{ account { id } }' }

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

/** Sends a good request after `change` has been made to it. */
async function sendChanged(
  key: RawKey,
  change: (request: SignedRequest) => Partial<SignedRequest>,
  operation: Operation = accountQuery,
) {
  const request = await signRequest(world.url, key, operation)
  return send({ ...request, ...change(request) })
}

function withHeaders(change: (headers: Record<string, string>) => Record<string, string>) {
  return ({ headers }: SignedRequest) => ({ headers: { ...headers, ...change(headers) } })
}

function without(name: string) {
  return ({ headers }: SignedRequest) => ({
    headers: Object.fromEntries(Object.entries(headers).filter(([other]) => other !== name)),
  })
}

/** Changes Signature-Input by a replacement that has to find something. */
function inputReplaced(pattern: string | RegExp, replacement: string) {
  return withHeaders((headers) => {
    const changed = headers['signature-input']?.replace(pattern, replacement) ?? ''
    if (changed === headers['signature-input']) throw new TypeError('The replacement found nothing.')
    return { 'signature-input': changed }
  })
}

test.for(['Ed25519', 'ES256'] as const)(
  'a request that is signed by an %s key is answered',
  async (algorithm) => {
    const { key } = await openAccount(world.url, { key: await createRawKey(algorithm) })
    expect(pick(await succeed(world.url, key, accountQuery), 'account', 'id')).toBeTypeOf('string')
  },
)

test('every refusal is 401 with one error, for every requested media type', async () => {
  for (const accept of [
    'application/json',
    'application/graphql-response+json',
    '*/*',
    'text/event-stream',
  ]) {
    const response = await fetch(`${world.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept },
      body: JSON.stringify(accountQuery),
    })
    expect(response.status).toBe(401)
    expect(await response.text()).toContain('"SIGNATURE_REQUIRED"')
  }
})

const malformed: Record<string, (request: SignedRequest) => Partial<SignedRequest>> = {
  'no Signature': without('signature'),
  'no Signature-Input': without('signature-input'),
  'no Content-Digest': without('content-digest'),
  'an empty Signature': withHeaders(() => ({ signature: '' })),
  'an empty Signature-Input': withHeaders(() => ({ 'signature-input': '' })),
  'the digest of another body': withHeaders(() => ({
    'content-digest': 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:',
  })),
  'a SHA-512 digest': withHeaders((headers) => ({
    'content-digest': headers['content-digest']?.replace('sha-256', 'sha-512') ?? '',
  })),
  'two digests': withHeaders((headers) => ({
    'content-digest': `${headers['content-digest'] ?? ''}, sha-512=:AAAA:`,
  })),
  'another label': inputReplaced('sig=', 'sig1='),
  'another label for both': withHeaders((headers) => ({
    'signature-input': headers['signature-input']?.replace('sig=', 'sig1=') ?? '',
    signature: headers['signature']?.replace('sig=', 'sig1=') ?? '',
  })),
  'two labels': withHeaders((headers) => ({
    'signature-input': `${headers['signature-input'] ?? ''}, ${headers['signature-input']?.replace('sig=', 'two=') ?? ''}`,
    signature: `${headers['signature'] ?? ''}, ${headers['signature']?.replace('sig=', 'two=') ?? ''}`,
  })),
  'a component less': inputReplaced(' "content-digest"', ''),
  'a component more': inputReplaced('"content-digest")', '"content-digest" "date")'),
  'components in another order': inputReplaced('"@method" "@target-uri"', '"@target-uri" "@method"'),
  'a component twice': inputReplaced('"@method"', '"@method" "@method"'),
  'parameters in another order': inputReplaced(/(;created=\d+)(;expires=\d+)/, '$2$1'),
  'a parameter more': inputReplaced(/$/, ';extra=1'),
  'a parameter twice': inputReplaced(/(;tag="claviger")/, '$1$1'),
  'no nonce': inputReplaced(/;nonce="[^"]*"/, ''),
  'no expires': inputReplaced(/;expires=\d+/, ''),
  'no created': inputReplaced(/;created=\d+/, ''),
  'no keyid': inputReplaced(/;keyid="[^"]*"/, ''),
  'no alg': inputReplaced(/;alg="[^"]*"/, ''),
  'no tag': inputReplaced(/;tag="[^"]*"/, ''),
  'the tag of a socket': inputReplaced('tag="claviger"', 'tag="claviger-ws"'),
  'a nonce of 15 bytes': inputReplaced(/nonce="[^"]*"/, `nonce="${'A'.repeat(20)}"`),
  'a nonce of 33 bytes': inputReplaced(/nonce="[^"]*"/, `nonce="${'A'.repeat(44)}"`),
  'a nonce in base64': inputReplaced(/nonce="[^"]*"/, `nonce="${'+/'.repeat(12)}"`),
  'a nonce in non-canonical base64url': inputReplaced(/nonce="[^"]*"/, `nonce="${'A'.repeat(21)}B"`),
  'a keyid that is no thumbprint': inputReplaced(/keyid="[^"]*"/, 'keyid="me"'),
  'an unlisted algorithm': inputReplaced('alg="ed25519"', 'alg="hmac-sha256"'),
  'white space in Signature-Input': inputReplaced(';created', '; created'),
  'a created that is a text': inputReplaced(/created=(\d+)/, 'created="$1"'),
  'a created that is a fraction': inputReplaced(/created=(\d+)/, 'created=$1.0'),
  'a signature of 63 bytes': withHeaders(() => ({
    signature: `sig=:${Buffer.alloc(63).toString('base64')}:`,
  })),
  'a signature of 65 bytes': withHeaders(() => ({
    signature: `sig=:${Buffer.alloc(65).toString('base64')}:`,
  })),
  'a signature in base64url': withHeaders(() => ({ signature: `sig=:${'_-'.repeat(42)}_w==:` })),
}

test.for(Object.entries(malformed))('a signed request with %s is malformed', async ([, change]) => {
  const { key } = await openAccount(world.url)
  expectUnauthenticated(await sendChanged(key, change), 'SIGNATURE_MALFORMED')
})

test.for(Object.entries(malformed))(
  'a request with %s is not answered as an unsigned one',
  async ([, change]) => {
    const { key } = await openAccount(world.url)
    const answer = await sendChanged(key, change, { query: '{ keyServer { version } }' })
    expectUnauthenticated(answer, 'SIGNATURE_MALFORMED')
  },
)

test('a request whose signature lives longer than 60 seconds is malformed', async () => {
  const { key } = await openAccount(world.url)
  const created = nowSeconds()
  for (const expires of [created + 61, created - 1]) {
    const answer = await call(world.url, key, { ...accountQuery, parameters: { created, expires } })
    expectUnauthenticated(answer, 'SIGNATURE_MALFORMED')
  }
})

test('header lines that come twice are malformed', async () => {
  const { key } = await openAccount(world.url)
  for (const name of ['signature', 'signature-input', 'content-digest']) {
    const { url, headers, body } = await signRequest(world.url, key, accountQuery)
    const lines = new Headers(headers)
    lines.append(name, headers[name] ?? '')
    const response = await fetch(url, { method: 'POST', headers: lines, body })
    expect(response.status).toBe(401)
    expect(await response.text()).toContain('SIGNATURE_MALFORMED')
  }
})

const invalid: Record<string, (request: SignedRequest) => Partial<SignedRequest>> = {
  'another nonce': inputReplaced(/nonce="[^"]*"/, `nonce="${createNonce()}"`),
  'a later expiry': inputReplaced(/expires=\d+/, `expires=${nowSeconds() + 50}`),
  'the other algorithm': inputReplaced('alg="ed25519"', 'alg="ecdsa-p256-sha256"'),
  'another signature': withHeaders(() => ({ signature: `sig=:${Buffer.alloc(64, 7).toString('base64')}:` })),
  'another content type': withHeaders(() => ({ 'content-type': 'application/json; charset=utf-8' })),
}

test.for(Object.entries(invalid))('a signed request with %s is invalid', async ([, change]) => {
  const { key } = await openAccount(world.url)
  expectUnauthenticated(await sendChanged(key, change), 'SIGNATURE_INVALID')
})

test('a body that was changed after the signing is refused, with its old digest and with its own', async () => {
  const { key } = await openAccount(world.url)
  const other = await signRequest(world.url, key, { query: '{ account { name } }' })
  expectUnauthenticated(await sendChanged(key, () => ({ body: other.body })), 'SIGNATURE_MALFORMED')
  const answer = await sendChanged(key, ({ headers }) => ({
    body: other.body,
    headers: { ...headers, 'content-digest': other.headers['content-digest'] ?? '' },
  }))
  expectUnauthenticated(answer, 'SIGNATURE_INVALID')
})

test('an unknown key, a revoked key and a wrong signature are one and the same answer', async () => {
  const [unknown, { key: revoked }, { key }] = await Promise.all([
    createRawKey(),
    openAccount(world.url),
    openAccount(world.url),
  ])
  await world.sql`UPDATE management_keys SET revoked_at = now() WHERE id = ${revoked.id}`
  const answer = await call(world.url, unknown, accountQuery)
  expectUnauthenticated(answer, 'SIGNATURE_INVALID')
  expect(await call(world.url, revoked, accountQuery)).toEqual(answer)
  expect(await call(world.url, { ...key, privateKey: unknown.privateKey }, accountQuery)).toEqual(answer)
})

test('a malformed signature refuses an unsigned operation as well', async () => {
  const answer = await call(world.url, await createRawKey(), { query: '{ keyServer { version } }' })
  expectUnauthenticated(answer, 'SIGNATURE_INVALID')
})

test('a malformed signature is reported before an invalid input', async () => {
  const key = await createRawKey()
  const input = await storeInput(key, { id: 'no-uuid' })
  const answer = await call(world.url, key, { query: storeMutation, variables: { input } })
  expectUnauthenticated(answer, 'SIGNATURE_INVALID')
})

test('an unsigned operation may be signed, and then consumes its nonce', async () => {
  const { key } = await openAccount(world.url)
  const request = await signRequest(world.url, key, { query: '{ keyServer { version } }' })
  expect((await send(request)).errors).toEqual([])
  expectUnauthenticated(await send(request), 'SIGNATURE_REPLAYED')
})

test('each configured origin is accepted as the target, and no other', async () => {
  const { key } = await openAccount(world.url)
  for (const origin of [world.url, world.url.replace('127.0.0.1', 'localhost'), 'https://keys.example']) {
    const request = await signRequest(world.url, key, { ...accountQuery, target: `${origin}/graphql` })
    expect((await send(request)).errors).toEqual([])
  }
  for (const target of [
    'https://other.example/graphql',
    'http://keys.example/graphql',
    'https://keys.example/graphql/',
    'https://keys.example/graphql?a',
    'https://keys.example:443/graphql',
    'https://KEYS.example/graphql',
    'https://keys.example',
  ]) {
    const request = await signRequest(world.url, key, { ...accountQuery, target })
    expectUnauthenticated(await send(request), 'SIGNATURE_INVALID')
  }
})

test('forwarded headers and Host neither help a wrong target nor harm a right one', async () => {
  const { key } = await openAccount(world.url)
  const forged = {
    'x-forwarded-host': 'other.example',
    'x-forwarded-proto': 'https',
    'x-forwarded-for': '10.0.0.1',
    'x-original-url': '/other',
    forwarded: 'host=other.example;proto=https',
  }
  const target = 'https://other.example/graphql'
  const wrong = await signRequest(world.url, key, { ...accountQuery, target })
  const answer = await send({ ...wrong, headers: { ...wrong.headers, ...forged } })
  expectUnauthenticated(answer, 'SIGNATURE_INVALID')
  expect(
    (
      await sendChanged(
        key,
        withHeaders(() => forged),
      )
    ).errors,
  ).toEqual([])
})

test('a signature is accepted from 30 seconds before its creation', async () => {
  const { key } = await openAccount(world.url)
  const ahead = async (seconds: number) => {
    const created = nowSeconds() + seconds
    return call(world.url, key, { ...accountQuery, parameters: { created, expires: created + 60 } })
  }
  expect((await ahead(29)).errors).toEqual([])
  expect((await ahead(32)).errors[0]?.extensions['reason']).toBe('SIGNATURE_EXPIRED')
})

test('a signature is accepted until it expires', async () => {
  const { key } = await openAccount(world.url)
  const until = async (seconds: number) => {
    const expires = nowSeconds() + seconds
    return call(world.url, key, { ...accountQuery, parameters: { created: expires - 60, expires } })
  }
  expect((await until(3)).errors).toEqual([])
  expect((await until(-1)).errors[0]?.extensions['reason']).toBe('SIGNATURE_EXPIRED')
})

test.for([-3600, 3600])(
  'a request of a clock that is %d seconds off is told the time of the server, for every kind of operation',
  async (offset) => {
    const { key } = await openAccount(world.url)
    const input = await storeInput(key)
    for (const operation of [
      accountQuery,
      { query: wrappedKeyQuery, variables: { id: input.id } },
      { query: storeMutation, variables: { input } },
      { query: '{ keyServer { version } }' },
    ]) {
      const created = nowSeconds() + offset
      const answer = await call(world.url, key, {
        ...operation,
        parameters: { created, expires: created + 60 },
      })
      expect(answer.status).toBe(401)
      const serverTime = String(answer.errors[0]?.extensions['serverTime'])
      expectRefusal(answer, { code: 'UNAUTHENTICATED', reason: 'SIGNATURE_EXPIRED', serverTime })
      expect(serverTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      expect(Math.abs(Date.parse(serverTime) - Date.now())).toBeLessThan(5_000)
    }
  },
)
