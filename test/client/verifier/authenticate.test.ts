import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  appRequestWithBodyProfile,
  appRequestProfile,
  serializeAppKey,
} from '../../../schema/wire/signatures/app-signature.ts'
import {
  httpProfile,
  parseSignature,
  type SignatureAlgorithm,
} from '../../../schema/wire/signatures/http-signature.ts'
import { createSigner, postOf, sign, type Signer } from '../../schema/wire/signatures/signers.ts'
import { memoryNoncesWith } from '../../../client/verifier/nonces.ts'
import {
  createBench,
  knownKey,
  outcomeOf,
  owner,
  shop,
  signAppRequest,
  startSeconds,
  type AppRequest,
  type Bench,
} from '../../support/verifier.ts'

let bench: Bench
let signer: Signer
let request: AppRequest
beforeEach(async () => {
  bench = createBench()
  signer = await knownKey(bench)
  request = await signAppRequest(signer)
})

const check = (changed: AppRequest) => outcomeOf(bench.verifier, changed)
const bytesOf = (text: string) => new TextEncoder().encode(text)

describe.each<SignatureAlgorithm>(['ed25519', 'ecdsa-p256-sha256'])('a request signed with %s', (alg) => {
  test('is accepted, and its caller is named', async () => {
    const key = await knownKey(bench, { alg })
    for (const body of ['{"coffee":1}', '']) {
      const { method, target, headers, body: bytes } = await signAppRequest(key, { body })
      expect(
        await bench.verifier.authenticate({ method, target, header: (name) => headers[name], body: bytes }),
      ).toEqual({
        caller: {
          owner,
          key: { publicKey: key.jwk, thumbprint: key.keyid, expiresAt: null, certifiedBy: null },
        },
      })
    }
  })

  test('is accepted, whatever its method, path and body', async () => {
    const key = await knownKey(bench, { alg })
    const methods = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH')
    await fc.assert(
      fc.asyncProperty(methods, fc.webPath(), fc.string(), async (method, path, body) => {
        const signed = await signAppRequest(key, { method, target: `/${path}`, body })
        expect(await check(signed)).toBe('ok')
      }),
      { numRuns: 50 },
    )
  })
})

test('a request without a signature is refused with SIGNATURE_REQUIRED', async () => {
  expect(await check({ ...request, headers: { 'content-type': 'application/json' } })).toBe(
    'SIGNATURE_REQUIRED',
  )
})

/** Changes that an attacker on the path could make to a signed request, with the expected code. */
const attacks: Record<string, [(request: AppRequest) => Partial<AppRequest>, string]> = {
  'another body': [() => ({ body: bytesOf('{"coffee":9}') }), 'SIGNATURE_INVALID'],
  'a body one byte longer': [({ body }) => ({ body: Uint8Array.of(...body, 32) }), 'SIGNATURE_INVALID'],
  'no body': [() => ({ body: new Uint8Array() }), 'SIGNATURE_MALFORMED'],
  'another method': [() => ({ method: 'PUT' }), 'SIGNATURE_INVALID'],
  'a method in small letters': [() => ({ method: 'post' }), 'SIGNATURE_INVALID'],
  'another path': [() => ({ target: '/refunds?id=1' }), 'SIGNATURE_INVALID'],
  'another query': [() => ({ target: '/orders?id=2' }), 'SIGNATURE_INVALID'],
  'a query more': [() => ({ target: '/orders?id=1&x' }), 'SIGNATURE_INVALID'],
  'a dot segment': [() => ({ target: '/./orders?id=1' }), 'SIGNATURE_INVALID'],
  'a target that names a host': [() => ({ target: `${shop}/orders?id=1` }), 'SIGNATURE_INVALID'],
  'a target that would complete another host': [() => ({ target: '.evil/orders?id=1' }), 'SIGNATURE_INVALID'],
  'an empty target': [() => ({ target: '' }), 'SIGNATURE_INVALID'],
  'another content type': [
    ({ headers }) => ({ headers: { ...headers, 'content-type': 'text/plain' } }),
    'SIGNATURE_INVALID',
  ],
  ...Object.fromEntries(
    (
      [
        ['signature', 'SIGNATURE_MALFORMED'],
        ['signature-input', 'SIGNATURE_MALFORMED'],
        ['claviger-key', 'SIGNATURE_MALFORMED'],
        ['content-digest', 'SIGNATURE_INVALID'],
        ['content-type', 'SIGNATURE_INVALID'],
      ] as const
    ).map(([name, code]) => [
      `no ${name}`,
      [
        ({ headers }: AppRequest) => ({
          headers: Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name)),
        }),
        code,
      ],
    ]),
  ),
  'a header twice': [
    ({ headers }) => ({
      headers: { ...headers, signature: `${headers['signature'] ?? ''}, ${headers['signature'] ?? ''}` },
    }),
    'SIGNATURE_MALFORMED',
  ],
  'a second signature beside it': [
    ({ headers }) => ({
      headers: {
        ...headers,
        'signature-input': `${headers['signature-input'] ?? ''}, b=("@method");created=1`,
      },
    }),
    'SIGNATURE_MALFORMED',
  ],
  'another nonce': [inputReplaced(/nonce="..../, 'nonce="AAAA'), 'SIGNATURE_INVALID'],
  'a later expiry': [
    inputReplaced(/expires=\d+/, `expires=${String(startSeconds + 59)}`),
    'SIGNATURE_INVALID',
  ],
  'another owner': [inputReplaced('keyid="alice/', 'keyid="mallory/'), 'SIGNATURE_INVALID'],
  'another tag': [inputReplaced('tag="claviger-app"', 'tag="claviger"'), 'SIGNATURE_MALFORMED'],
  'another alg': [inputReplaced('alg="ed25519"', 'alg="ecdsa-p256-sha256"'), 'SIGNATURE_INVALID'],
  'an unknown alg': [inputReplaced('alg="ed25519"', 'alg="hmac-sha256"'), 'SIGNATURE_MALFORMED'],
  'an empty alg': [inputReplaced('alg="ed25519"', 'alg=""'), 'SIGNATURE_MALFORMED'],
  'no owner': [inputReplaced('keyid="alice/', 'keyid="'), 'SIGNATURE_MALFORMED'],
  'an owner that is no name': [inputReplaced('keyid="alice/', 'keyid="A B/'), 'SIGNATURE_MALFORMED'],
  'two owners': [inputReplaced('keyid="alice/', 'keyid="alice/mallory/'), 'SIGNATURE_MALFORMED'],
  'a component less': [inputReplaced(' "claviger-key"', ''), 'SIGNATURE_MALFORMED'],
}

function inputReplaced(from: string | RegExp, to: string): (request: AppRequest) => Partial<AppRequest> {
  return ({ headers }) => ({
    headers: { ...headers, 'signature-input': (headers['signature-input'] ?? '').replace(from, to) },
  })
}

describe('a signed request that is given', () => {
  test.each(Object.entries(attacks))('%s is refused', async (_what, [attack, code]) => {
    const changed = { ...request, ...attack(request) }
    expect(changed).not.toEqual(request)
    expect(await check(changed)).toBe(code)
    // The change alone is why it was refused: the request is still good by itself.
    expect(await check(request)).toBe('ok')
  })

  test('nothing is accepted: the checker does not refuse everything', async () => {
    expect(await check({ ...request })).toBe('ok')
  })
})

describe('the time window', () => {
  test.each([
    ['30 s in the future is', 30, 'ok'],
    ['31 s in the future is not', 31, 'SIGNATURE_EXPIRED'],
    ['60 s ago is', -60, 'ok'],
    ['61 s ago is not', -61, 'SIGNATURE_EXPIRED'],
  ])('a signature of %s accepted', async (_what, offset, code) => {
    const created = startSeconds + offset
    const old = createBench({ nonces: { consume: () => true } })
    const key = await knownKey(old)
    expect(await outcomeOf(old.verifier, await signAppRequest(key, { created, expires: created + 60 }))).toBe(
      code,
    )
  })

  test('begins when a nonce store in memory starts: an older signature may have been used before a restart', async () => {
    const stoppedMs = () => startSeconds * 1000
    const nonces = () => memoryNoncesWith({}, { nowMs: stoppedMs, monotonicMs: stoppedMs })
    const [before, after] = [createBench({ nonces: nonces() }), createBench({ nonces: nonces() })]
    const key = await knownKey(before)
    after.keyServer.keys.set(`${owner}/${key.keyid}`, { state: 'ACTIVE' })
    const signed = (created: number) => signAppRequest(key, { created, expires: created + 30 })
    expect(await outcomeOf(after.verifier, await signed(startSeconds - 1))).toBe('SIGNATURE_EXPIRED')
    expect(await outcomeOf(after.verifier, await signed(startSeconds))).toBe('ok')
  })

  test('is at most 60 s long', async () => {
    expect(await check(await signAppRequest(signer, { expires: startSeconds + 61 }))).toBe(
      'SIGNATURE_MALFORMED',
    )
  })

  test('tells a client whose clock is wrong the time', async () => {
    const expired = await signAppRequest(signer, { created: 1, expires: 2 })
    const { method, target, headers, body } = expired
    expect(
      await bench.verifier.authenticate({ method, target, header: (name) => headers[name], body }),
    ).toMatchObject({ refusal: { code: 'SIGNATURE_EXPIRED', serverTime: new Date(startSeconds * 1000) } })
  })
})

describe('a signature for another party', () => {
  test("by another's key in the owner's name is refused, like that of an owner who does not exist", async () => {
    const mallory = await knownKey(bench, { of: 'mallory' })
    expect(await check(await signAppRequest(mallory))).toBe('KEY_UNKNOWN')
    expect(await check(await signAppRequest(mallory, { of: 'nobody' }))).toBe('KEY_UNKNOWN')
    expect(await check(await signAppRequest(mallory, { of: 'mallory' }))).toBe('ok')
  })

  test("under the owner's keyid by another key is refused", async () => {
    const mallory = await createSigner('ed25519')
    const { keyid: thumbprint } = signer
    const keyid = `${owner}/${thumbprint}`
    expect(await check(await signAppRequest(mallory, { keyid }))).toBe('SIGNATURE_INVALID')
    const key = serializeAppKey(signer.jwk)
    expect(await check(await signAppRequest(mallory, { keyid, key }))).toBe('SIGNATURE_INVALID')
  })

  test('at another origin is refused', async () => {
    for (const origin of ['https://bank.example', 'http://shop.example', 'https://shop.example:8443']) {
      expect(await check(await signAppRequest(signer, { origin }))).toBe('SIGNATURE_INVALID')
    }
  })

  test('at any of several configured origins is accepted', async () => {
    const two = createBench({ origins: ['https://www.shop.example', 'https://shop.example'] })
    const key = await knownKey(two)
    for (const origin of ['https://www.shop.example', shop]) {
      expect(await outcomeOf(two.verifier, await signAppRequest(key, { origin }))).toBe('ok')
    }
  })

  test('of the profile for the key server is refused, and the other way round', async () => {
    const values = await postOf('{"coffee":1}', `${shop}/orders?id=1`)
    const forKeyServer = await sign(signer, { values, created: startSeconds, expires: startSeconds + 60 })
    const { signatureInput, signature } = forKeyServer
    const headers = { ...request.headers, 'signature-input': signatureInput, signature }
    expect(await check({ ...request, headers })).toBe('SIGNATURE_MALFORMED')
    expect(() =>
      parseSignature(httpProfile, {
        signatureInput: request.headers['signature-input'],
        signature: request.headers['signature'],
      }),
    ).toThrow(/keyid/)
    expect(new Set([httpProfile.tag, appRequestProfile.tag, appRequestWithBodyProfile.tag]).size).toBe(2)
  })

  test('of the bodiless profile does not cover a body', async () => {
    const bodiless = await signAppRequest(signer, { profile: appRequestProfile })
    expect(await check(bodiless)).toBe('SIGNATURE_MALFORMED')
  })
})

describe('the key in the header', () => {
  test.each([
    ['no base64url', '!!!'],
    ['no JSON', Buffer.from('x').toString('base64url')],
    [
      'of a type that does not sign',
      Buffer.from('{"crv":"X25519","kty":"OKP","x":"AA"}').toString('base64url'),
    ],
    ['beyond any length', 'A'.repeat(10_000)],
    [
      'the point of small order',
      Buffer.from(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x: `AQ${'A'.repeat(41)}` })).toString(
        'base64url',
      ),
    ],
  ])('is refused when it is %s', async (_what, key) => {
    expect(await check(await signAppRequest(signer, { key }))).toBe('SIGNATURE_MALFORMED')
  })

  test('has one canonical form', async () => {
    const { kty, ...rest } = signer.jwk
    const key = Buffer.from(JSON.stringify({ kty, ...rest })).toString('base64url')
    expect(await check(await signAppRequest(signer, { key }))).toBe('SIGNATURE_MALFORMED')
    const private_ = Buffer.from(JSON.stringify({ ...signer.jwk, d: 'AAAA' })).toString('base64url')
    expect(await check(await signAppRequest(signer, { key: private_ }))).toBe('SIGNATURE_MALFORMED')
  })
})

describe('the status of a key', () => {
  test.each([
    ['PENDING', 'KEY_PENDING'],
    ['EXPIRED', 'KEY_EXPIRED'],
    ['REVOKED', 'KEY_REVOKED'],
  ] as const)('%s refuses its holder with %s', async (state, code) => {
    expect(await check(await signAppRequest(await knownKey(bench, { state })))).toBe(code)
  })

  test('is revealed to its holder only', async () => {
    const revoked = await knownKey(bench, { state: 'REVOKED' })
    const forged = await signAppRequest(await createSigner('ed25519'), {
      keyid: `${owner}/${revoked.keyid}`,
      key: serializeAppKey(revoked.jwk),
    })
    expect(await check(forged)).toBe('SIGNATURE_INVALID')
    expect(bench.keyServer.requests).toEqual([])
  })

  test('is not looked up for a request that is refused for its form or its time', async () => {
    await check({ ...request, body: bytesOf('x') })
    await check(await signAppRequest(signer, { created: 1, expires: 2 }))
    expect(bench.keyServer.requests).toEqual([])
  })
})

test('an event has each outcome, and names neither owner nor key', async () => {
  await check(request)
  await check(request)
  const outcomes = bench.events.filter(({ type }) => type === 'authenticated')
  expect(outcomes).toEqual([
    { type: 'authenticated', outcome: 'ok' },
    { type: 'authenticated', outcome: 'SIGNATURE_REPLAYED' },
  ])
  expect(JSON.stringify(bench.events)).not.toMatch(new RegExp(`alice|${signer.keyid}`))
})
