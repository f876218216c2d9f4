import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { VerifierError } from '../../../client/verifier-error.ts'
import { verifyPublicKey, verifyPublicKeys } from '../../../client/verifier/verify-public-key.ts'
import { createVerifier } from '../../../client/verifier/create-verifier.ts'
import { createSigner, type Signer } from '../../schema/wire/signatures/signers.ts'
import { call, openAccount, storeKey } from '../../support/raw-client.ts'
import { startWorld, type TestServer } from '../../support/server.ts'
import {
  createBench,
  knownKey,
  unacceptable,
  owner,
  shop,
  startSeconds,
  type Bench,
} from '../../support/verifier.ts'

const reasonOf = async ({ verifier }: Bench, signer: Signer, of = owner) =>
  (await verifier.verify({ owner: of, publicKey: signer.jwk })).status

describe('the reason', () => {
  test.each([
    ['ACTIVE', 'valid'],
    ['PENDING', 'pending'],
    ['EXPIRED', 'expired'],
    ['REVOKED', 'revoked'],
  ] as const)('of a key that is %s is %s', async (state, reason) => {
    const bench = createBench()
    expect(await reasonOf(bench, await knownKey(bench, { state }))).toBe(reason)
  })

  test('is unknown-key for another key, another owner, and an owner who can not exist', async () => {
    const bench = createBench()
    const known = await knownKey(bench)
    expect(await reasonOf(bench, await createSigner('ed25519'))).toBe('unknown-key')
    expect(await reasonOf(bench, known, 'bob')).toBe('unknown-key')
    const asked = bench.keyServer.requests.length
    expect(await reasonOf(bench, known, 'no such name!')).toBe('unknown-key')
    expect(bench.keyServer.requests).toHaveLength(asked)
  })

  test('is the same for every form of the key, and asked once', async () => {
    const bench = createBench()
    const { publicKey } = generateKeyPairSync('ed25519')
    for (const form of [
      publicKey.export({ format: 'jwk' }),
      publicKey.export({ type: 'spki', format: 'pem' }),
      publicKey.export({ type: 'spki', format: 'der' }),
    ]) {
      expect((await bench.verifier.verify({ owner, publicKey: form })).status).toBe('unknown-key')
    }
    expect(bench.keyServer.requests).toHaveLength(1)
  })

  test('is an error for what is no public key, and nothing is sent', async () => {
    const bench = createBench()
    const { privateKey } = generateKeyPairSync('ed25519')
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
    await expect(bench.verifier.verify({ owner, publicKey: pem })).rejects.toMatchObject({
      code: 'PUBLIC_KEY_INVALID',
    })
    expect(bench.keyServer.requests).toEqual([])
  })

  test('is an error for a point of small order, however often it is shown and in whatever form', async () => {
    const bench = createBench()
    const x = Buffer.alloc(32, 0)
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), x])
    for (const form of [{ kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') }, Uint8Array.from(der)]) {
      const shown = await Promise.allSettled(
        [form, form, form].map((publicKey) => bench.verifier.verify({ owner, publicKey })),
      )
      for (const one of shown) {
        expect(one).toMatchObject({ status: 'rejected', reason: { code: 'PUBLIC_KEY_INVALID' } })
      }
    }
    expect(bench.keyServer.requests).toEqual([])
  })
})

describe('questions', () => {
  test('that come at the same time are one request, of at most 100', async () => {
    const bench = createBench()
    const signers = await Promise.all(Array.from({ length: 150 }, () => knownKey(bench)))
    const reasons = await Promise.all(signers.map((signer) => reasonOf(bench, signer)))
    expect(reasons).toEqual(signers.map(() => 'valid'))
    expect(bench.keyServer.requests.map((asked) => asked.length)).toEqual([100, 50])
  })

  test('about one key at the same time are one question', async () => {
    const bench = createBench()
    const signer = await knownKey(bench)
    await Promise.all(Array.from({ length: 50 }, () => reasonOf(bench, signer)))
    expect(bench.keyServer.requests).toEqual([[owner]])
  })
})

describe('a valid key', () => {
  test('is asked for again after cacheSeconds', async () => {
    const bench = createBench({ cacheSeconds: 30 })
    const signer = await knownKey(bench)
    await reasonOf(bench, signer)
    bench.pass(29)
    await reasonOf(bench, signer)
    expect(bench.keyServer.requests).toHaveLength(1)
    bench.pass(1)
    await reasonOf(bench, signer)
    expect(bench.keyServer.requests).toHaveLength(2)
  })

  test('is not believed beyond its term', async () => {
    const bench = createBench({ cacheSeconds: 60, whenUnavailable: 'serve-stale' })
    const signer = await knownKey(bench, { expiresAt: new Date((startSeconds + 10) * 1000) })
    expect(await reasonOf(bench, signer)).toBe('valid')
    bench.pass(9)
    expect(await reasonOf(bench, signer)).toBe('valid')
    bench.pass(1)
    bench.keyServer.fault = () => Promise.reject(new TypeError('away'))
    expect(await reasonOf(bench, signer)).toBe('unavailable')
  })

  test('is asked for at once after it was invalidated, by owner, by key, or by clear', async () => {
    const bench = createBench()
    const signer = await knownKey(bench)
    const forget = [
      () => bench.verifier.invalidate({ owner }),
      () => bench.verifier.invalidate({ owner, thumbprint: signer.keyid }),
      () => bench.verifier.clear(),
    ]
    for (const [index, invalidate] of forget.entries()) {
      await reasonOf(bench, signer)
      expect(bench.keyServer.requests).toHaveLength(index + 1)
      invalidate()
    }
    await reasonOf(bench, signer)
    bench.verifier.invalidate({ owner: 'bob' })
    bench.verifier.invalidate({ owner, thumbprint: 'another' })
    await reasonOf(bench, signer)
    expect(bench.keyServer.requests).toHaveLength(forget.length + 1)
  })

  test('is asked about anew when it was invalidated while the question was under way', async () => {
    const bench = createBench()
    const signer = await knownKey(bench)
    const { promise, resolve } = Promise.withResolvers<undefined>()
    bench.keyServer.fault = async () => {
      await promise
      bench.keyServer.fault = null
      // The answer that was on its way: from before.
      return Response.json({ data: { verifyPublicKeys: [validAnswer] } })
    }
    const before = reasonOf(bench, signer)
    await new Promise((done) => setTimeout(done, 20))
    bench.verifier.invalidate({ owner })
    bench.keyServer.keys.set(`${owner}/${signer.keyid}`, { state: 'REVOKED' })
    resolve(undefined)
    expect(await before).toBe('revoked')
    expect(await reasonOf(bench, signer)).toBe('revoked')
  })

  test('that changes each time it is asked about is unavailable', async () => {
    const bench = createBench({ whenUnavailable: 'serve-stale', cacheSeconds: 0 })
    const signer = await knownKey(bench)
    expect(await reasonOf(bench, signer)).toBe('valid')
    bench.keyServer.fault = async () => {
      bench.verifier.invalidate({ owner })
      return Response.json({ data: { verifyPublicKeys: [validAnswer] } })
    }
    expect(await reasonOf(bench, signer)).toBe('unavailable')
    expect(bench.keyServer.requests).toHaveLength(4)
  })

  test('is not valid when its term ended while the answer was under way', async () => {
    const bench = createBench()
    const expiresAt = new Date((startSeconds + 3) * 1000)
    const signer = await knownKey(bench, { expiresAt })
    bench.keyServer.fault = async () => {
      const answer = { ...validAnswerOf(), expiresAt: expiresAt.toISOString() }
      bench.pass(3)
      return Response.json({ data: { verifyPublicKeys: [answer] } })
    }
    expect(await reasonOf(bench, signer)).toBe('expired')
  })

  test('is as old as its question: the time that the answer was under way counts', async () => {
    const bench = createBench({ cacheSeconds: 10 })
    const signer = await knownKey(bench)
    bench.keyServer.fault = async () => {
      bench.pass(8)
      bench.keyServer.fault = null
      return Response.json({ data: { verifyPublicKeys: [validAnswerOf()] } })
    }
    expect(await reasonOf(bench, signer)).toBe('valid')
    bench.keyServer.keys.set(`${owner}/${signer.keyid}`, { state: 'REVOKED' })
    bench.pass(2)
    expect(await reasonOf(bench, signer)).toBe('revoked')
  })

  test('is not believed any longer for the machine having slept meanwhile', async () => {
    const bench = createBench({ whenUnavailable: 'serve-stale' })
    const [signer, other] = [await knownKey(bench), await knownKey(bench)]
    await Promise.all([reasonOf(bench, signer), reasonOf(bench, other)])
    bench.keyServer.keys.set(`${owner}/${signer.keyid}`, { state: 'REVOKED' })
    bench.sleep(8 * 3600)
    expect(await reasonOf(bench, signer)).toBe('revoked')
    bench.keyServer.fault = () => Promise.reject(new TypeError('away'))
    expect(await reasonOf(bench, other)).toBe('unavailable')
  })

  test('is not pushed out of the cache by any number of strangers', async () => {
    const bench = createBench({ cacheEntriesMax: 10 })
    const signer = await knownKey(bench)
    await reasonOf(bench, signer)
    for (let stranger = 0; stranger < 50; stranger += 1)
      await reasonOf(bench, signer, `stranger-${String(stranger)}`)
    const asked = bench.keyServer.requests.length
    expect(await reasonOf(bench, signer)).toBe('valid')
    expect(bench.keyServer.requests).toHaveLength(asked)
  })
})

describe('who asks at the same time as others', () => {
  test('is answered, whatever the others show', async () => {
    const bench = createBench({ whenUnavailable: 'serve-stale' })
    const signer = await knownKey(bench)
    const strangers = Array.from({ length: 25 }, () => ({ owner: 'mallory', publicKey: unacceptable }))
    const [standing, ...others] = await Promise.all(
      [{ owner, publicKey: signer.jwk }, ...strangers].map((asked) => bench.verifier.verify(asked)),
    )
    expect(standing).toMatchObject({ status: 'valid', source: 'key-server' })
    expect(new Set(others.map(({ status: reason }) => reason))).toEqual(new Set(['unavailable']))
    // Nor does it give the key server a rest that it does not need.
    expect(await reasonOf(bench, await knownKey(bench))).toBe('valid')
  })

  test('is answered when all of them together are more than a request holds', async () => {
    const bench = createBench()
    const keys = Array.from({ length: 100 }, (_, index) => ({
      kty: 'AKP',
      alg: 'ML-DSA-87',
      pub: Buffer.alloc(2592, index).toString('base64url'),
    }))
    const standings = await Promise.all(keys.map((publicKey) => bench.verifier.verify({ owner, publicKey })))
    expect(new Set(standings.map(({ status: reason }) => reason))).toEqual(new Set(['unknown-key']))
    expect(bench.keyServer.requests.flat()).toHaveLength(100)
  })

  test('is not asked for together with an owner who can be none', async () => {
    const bench = createBench()
    const signer = await knownKey(bench)
    const list: string = JSON.parse('["stranger"]')
    const [honest, strange] = await Promise.all([
      reasonOf(bench, signer),
      bench.verifier.verify({ owner: list, publicKey: signer.jwk }),
    ])
    expect([honest, strange.status]).toEqual(['valid', 'unknown-key'])
    expect(bench.keyServer.requests).toEqual([[owner]])
  })
})

describe('a refused key', () => {
  test('is asked for again after negativeCacheSeconds', async () => {
    const bench = createBench()
    const signer = await createSigner('ed25519')
    expect(await reasonOf(bench, signer)).toBe('unknown-key')
    bench.keyServer.keys.set(`${owner}/${signer.keyid}`, { state: 'ACTIVE' })
    bench.pass(4)
    expect(await reasonOf(bench, signer)).toBe('unknown-key')
    bench.pass(1)
    expect(await reasonOf(bench, signer)).toBe('valid')
  })

  test('that is pending is let in when its term begins', async () => {
    const bench = createBench({ negativeCacheSeconds: 60 })
    const notBefore = new Date((startSeconds + 3) * 1000)
    const signer = await knownKey(bench, { state: 'PENDING', notBefore })
    expect(await reasonOf(bench, signer)).toBe('pending')
    bench.keyServer.keys.set(`${owner}/${signer.keyid}`, { state: 'ACTIVE', notBefore })
    bench.pass(3)
    expect(await reasonOf(bench, signer)).toBe('valid')
  })

  test('that is revoked is remembered as long as a valid one', async () => {
    const bench = createBench()
    const signer = await knownKey(bench, { state: 'REVOKED' })
    await reasonOf(bench, signer)
    bench.pass(59)
    await reasonOf(bench, signer)
    expect(bench.keyServer.requests).toHaveLength(1)
  })
})

describe('while the key server is away', () => {
  const away = () => Promise.reject(new TypeError('away'))

  test('every key is unavailable, unless another choice was made', async () => {
    const bench = createBench({ cacheSeconds: 10 })
    const signer = await knownKey(bench)
    await reasonOf(bench, signer)
    bench.keyServer.fault = away
    expect(await reasonOf(bench, signer)).toBe('valid')
    bench.pass(10)
    expect(await reasonOf(bench, signer)).toBe('unavailable')
  })

  test('with serve-stale a key that was valid is let in for staleSeconds, and no other', async () => {
    const bench = createBench({ cacheSeconds: 10, whenUnavailable: 'serve-stale', staleSeconds: 100 })
    const [known, revoked] = [await knownKey(bench), await knownKey(bench, { state: 'REVOKED' })]
    await Promise.all([reasonOf(bench, known), reasonOf(bench, revoked)])
    bench.keyServer.fault = away
    bench.pass(99)
    expect(await bench.verifier.verify({ owner, publicKey: known.jwk })).toMatchObject({
      valid: true,
      status: 'valid',
      source: 'stale',
    })
    expect(await reasonOf(bench, revoked)).toBe('unavailable')
    expect(await reasonOf(bench, await createSigner('ed25519'))).toBe('unavailable')
    bench.pass(1)
    expect(await reasonOf(bench, known)).toBe('unavailable')
  })

  test('with serve-stale a key that turned out to be revoked is not let in any more', async () => {
    const bench = createBench({ cacheSeconds: 10, whenUnavailable: 'serve-stale' })
    const signer = await knownKey(bench)
    await reasonOf(bench, signer)
    bench.keyServer.keys.set(`${owner}/${signer.keyid}`, { state: 'REVOKED' })
    bench.pass(10)
    expect(await reasonOf(bench, signer)).toBe('revoked')
    bench.keyServer.fault = away
    bench.pass(60)
    expect(await reasonOf(bench, signer)).toBe('unavailable')
  })

  test('with serve-stale nothing is served because of what the key server refused to answer', async () => {
    const bench = createBench({ cacheSeconds: 10, whenUnavailable: 'serve-stale' })
    const signer = await knownKey(bench)
    await reasonOf(bench, signer)
    bench.pass(10)
    for (const code of ['BAD_USER_INPUT', 'TOO_LARGE', 'GRAPHQL_VALIDATION_FAILED']) {
      bench.keyServer.fault = async () =>
        Response.json({ errors: [{ message: 'Refused.', extensions: { code } }] })
      expect(await reasonOf(bench, signer)).toBe('unavailable')
      bench.pass(1)
    }
    bench.keyServer.fault = async () => Response.json({ data: { verifyPublicKeys: [{}] } })
    expect(await reasonOf(bench, signer)).toBe('unavailable')
  })

  test('a request is tried three times, and then not for a second', async () => {
    const bench = createBench()
    const signer = await knownKey(bench)
    bench.keyServer.fault = away
    expect(await reasonOf(bench, signer)).toBe('unavailable')
    expect(bench.keyServer.requests).toHaveLength(3)
    bench.keyServer.fault = null
    expect(await reasonOf(bench, signer)).toBe('unavailable')
    expect(bench.keyServer.requests).toHaveLength(3)
    bench.pass(1)
    expect(await reasonOf(bench, signer)).toBe('valid')
    expect(bench.events).toContainEqual({ type: 'asked', questions: 1, durationMs: 0, outcome: 'NETWORK' })
    expect(bench.events.at(-1)).toEqual({ type: 'verified', status: 'valid', source: 'key-server' })
  })

  test('a fault of one attempt is not noticed', async () => {
    const bench = createBench()
    const signer = await knownKey(bench)
    bench.keyServer.fault = () => {
      bench.keyServer.fault = null
      return away()
    }
    expect(await reasonOf(bench, signer)).toBe('valid')
  })

  test('an answer that never comes is a time-out', async () => {
    const bench = createBench({ timeoutMs: 30 })
    const signer = await knownKey(bench)
    bench.keyServer.fault = (signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => {
          reject(new TypeError('aborted'))
        })
      })
    expect(await reasonOf(bench, signer)).toBe('unavailable')
    expect(bench.events).toContainEqual({ type: 'asked', questions: 1, durationMs: 0, outcome: 'TIMEOUT' })
  })

  test.each([
    ['contradicts itself', { ...validAnswerOf(), coincides: false }],
    ['is valid without a state', { ...validAnswerOf(), state: null }],
    ['has an unknown state', { ...validAnswerOf(), state: 'SLEEPING' }],
  ])('an answer that %s lets nobody in', async (_what, answer) => {
    const bench = createBench()
    bench.keyServer.fault = async () => Response.json({ data: { verifyPublicKeys: [answer] } })
    expect(await reasonOf(bench, await knownKey(bench))).toBe('unavailable')
  })

  test('answers fewer than questions let nobody in', async () => {
    const bench = createBench()
    bench.keyServer.fault = async () => Response.json({ data: { verifyPublicKeys: [] } })
    expect(await reasonOf(bench, await knownKey(bench))).toBe('unavailable')
  })
})

test('a listener that rejects changes nothing', async () => {
  const onEvent = (): unknown => Promise.reject(new Error('broken metrics'))
  const bench = createBench({ onEvent })
  expect(await reasonOf(bench, await knownKey(bench))).toBe('valid')
  await new Promise((resolve) => setImmediate(resolve))
})

test('a listener that throws changes nothing', async () => {
  const bench = createBench({
    onEvent: () => {
      throw new Error('broken metrics')
    },
  })
  expect(await reasonOf(bench, await knownKey(bench))).toBe('valid')
})

test.each([
  ['an URL that is none', { url: 'keys' }, VerifierError],
  ['a cache of more than a minute', { cacheSeconds: 61 }, RangeError],
  ['a cache that is no number', { cacheSeconds: Number.NaN }, RangeError],
  ['an empty name', { applicationServer: '' }, RangeError],
  ['a choice that is none', { whenUnavailable: JSON.parse('"stale"') }, TypeError],
  ['signed answers without keys', { signedAnswers: JSON.parse('true') }, TypeError],
  ['certificates without pins', { certificates: JSON.parse('{}') }, TypeError],
  ['a name that is no URL, without origins', { applicationServer: 'the shop' }, TypeError],
])('%s is refused at once', (_what, options, type) => {
  expect(() => createVerifier({ url: 'https://keys.example', applicationServer: shop, ...options })).toThrow(
    type,
  )
})

describe('with a real key server', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startWorld()
  })
  afterAll(() => server.stop())

  test('a key is valid, then revoked once the cache lets go of it', async () => {
    const account = await openAccount(server.url)
    const { id, publicKey } = await storeKey(server.url, account.key)
    const verifier = createVerifier({ url: server.url, applicationServer: shop })
    const ask = () => verifier.verify({ owner: account.name, publicKey })
    expect(await ask()).toMatchObject({ valid: true, status: 'valid', source: 'key-server' })
    await call(server.url, account.key, {
      query: 'mutation ($id: ID!) { revokeTransactionKey(id: $id) { state } }',
      variables: { id },
    })
    expect(await ask()).toMatchObject({ status: 'valid', source: 'cache' })
    verifier.invalidate({ owner: account.name })
    expect(await ask()).toMatchObject({ valid: false, status: 'revoked', source: 'key-server' })
  })

  test('a key is verified in PEM and in DER as it is as a JWK, by the SDK as well', async () => {
    const account = await openAccount(server.url)
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
    await storeKey(server.url, account.key, { publicKey: { kty, crv, x, y } })
    const question = { url: server.url, owner: account.name, applicationServer: shop }
    for (const form of [
      { kty, crv, x, y },
      publicKey.export({ type: 'spki', format: 'pem' }),
      Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' })),
    ]) {
      expect(await verifyPublicKey({ ...question, publicKey: form })).toMatchObject({ valid: true })
    }
    const secret = privateKey.export({ type: 'sec1', format: 'pem' })
    await expect(verifyPublicKey({ ...question, publicKey: secret })).rejects.toMatchObject({
      code: 'PUBLIC_KEY_INVALID',
    })
  })

  test('100 questions are answered, however large their keys are', async () => {
    const publicKeys = Array.from({ length: 100 }, (_, index) => ({
      kty: 'AKP',
      alg: 'ML-DSA-87',
      pub: Buffer.alloc(2592, index).toString('base64url'),
    }))
    const asked = publicKeys.map((publicKey) => ({ owner, applicationServer: shop, publicKey }))
    const answers = await verifyPublicKeys(asked, { url: server.url })
    expect(answers.map(({ coincides }) => coincides)).toEqual(publicKeys.map(() => false))
  })

  test('keys of several owners are told apart in one request', async () => {
    const [one, two] = [await openAccount(server.url), await openAccount(server.url)]
    const { publicKey } = await storeKey(server.url, one.key)
    const verifier = createVerifier({ url: server.url, applicationServer: shop })
    const standings = await Promise.all(
      [one.name, two.name, 'nobody'].map((name) => verifier.verify({ owner: name, publicKey })),
    )
    expect(standings.map(({ status: reason }) => reason)).toEqual(['valid', 'unknown-key', 'unknown-key'])
  })
})

const validAnswer = validAnswerOf()

function validAnswerOf() {
  const checkedAt = new Date(startSeconds * 1000).toISOString()
  return { coincides: true, valid: true, state: 'ACTIVE', notBefore: null, expiresAt: null, checkedAt }
}
