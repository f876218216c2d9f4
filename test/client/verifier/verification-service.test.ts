import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createSigner } from '../../schema/wire/signatures/signers.ts'
import {
  createBench,
  knownKey,
  owner,
  startSeconds,
  statusOf,
  unacceptable,
  validAnswerOf,
} from '../../support/verifier.ts'

describe('the status', () => {
  test.each([
    ['ACTIVE', 'valid'],
    ['PENDING', 'pending'],
    ['EXPIRED', 'expired'],
    ['REVOKED', 'revoked'],
  ] as const)('of a key that is %s is %s', async (state, status) => {
    const bench = createBench()
    expect(await statusOf(bench, await knownKey(bench, { state }))).toBe(status)
  })

  test('is unknown-key for another key, another owner, and an invalid owner', async () => {
    const bench = createBench()
    const known = await knownKey(bench)
    expect(await statusOf(bench, await createSigner('ed25519'))).toBe('unknown-key')
    expect(await statusOf(bench, known, 'bob')).toBe('unknown-key')
    const requests = bench.keyServer.requests.length
    expect(await statusOf(bench, known, 'no such name!')).toBe('unknown-key')
    expect(bench.keyServer.requests).toHaveLength(requests)
  })

  test('is the same for every form of the key, with one look-up', async () => {
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

  test('is an error for a value that is not a public key, and nothing is sent', async () => {
    const bench = createBench()
    const { privateKey } = generateKeyPairSync('ed25519')
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
    await expect(bench.verifier.verify({ owner, publicKey: pem })).rejects.toMatchObject({
      code: 'PUBLIC_KEY_INVALID',
    })
    expect(bench.keyServer.requests).toEqual([])
  })

  test('is an error for a point of small order, however often and in whatever form it is presented', async () => {
    const bench = createBench()
    const x = Buffer.alloc(32, 0)
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), x])
    for (const form of [{ kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') }, Uint8Array.from(der)]) {
      const outcomes = await Promise.allSettled(
        [form, form, form].map((publicKey) => bench.verifier.verify({ owner, publicKey })),
      )
      for (const one of outcomes) {
        expect(one).toMatchObject({ status: 'rejected', reason: { code: 'PUBLIC_KEY_INVALID' } })
      }
    }
    expect(bench.keyServer.requests).toEqual([])
  })
})

describe('queries', () => {
  test('about one key at the same time share one look-up', async () => {
    const bench = createBench()
    const signer = await knownKey(bench)
    await Promise.all(Array.from({ length: 50 }, () => statusOf(bench, signer)))
    expect(bench.keyServer.requests).toEqual([[owner]])
  })
})

describe('a valid key', () => {
  test('is looked up again after cacheSeconds', async () => {
    const bench = createBench({ cacheSeconds: 30 })
    const signer = await knownKey(bench)
    await statusOf(bench, signer)
    bench.pass(29)
    await statusOf(bench, signer)
    expect(bench.keyServer.requests).toHaveLength(1)
    bench.pass(1)
    await statusOf(bench, signer)
    expect(bench.keyServer.requests).toHaveLength(2)
  })

  test('is not valid beyond its term', async () => {
    const bench = createBench({ cacheSeconds: 60, whenUnavailable: 'serve-stale' })
    const signer = await knownKey(bench, { expiresAt: new Date((startSeconds + 10) * 1000) })
    expect(await statusOf(bench, signer)).toBe('valid')
    bench.pass(9)
    expect(await statusOf(bench, signer)).toBe('valid')
    bench.pass(1)
    bench.keyServer.fault = () => Promise.reject(new TypeError('unreachable'))
    expect(await statusOf(bench, signer)).toBe('unavailable')
  })

  test('is looked up again after it was invalidated, by owner, by key, or by clear', async () => {
    const bench = createBench()
    const signer = await knownKey(bench)
    const forget = [
      () => bench.verifier.invalidate({ owner }),
      () => bench.verifier.invalidate({ owner, thumbprint: signer.keyid }),
      () => bench.verifier.clear(),
    ]
    for (const [index, invalidate] of forget.entries()) {
      await statusOf(bench, signer)
      expect(bench.keyServer.requests).toHaveLength(index + 1)
      invalidate()
    }
    await statusOf(bench, signer)
    bench.verifier.invalidate({ owner: 'bob' })
    bench.verifier.invalidate({ owner, thumbprint: 'another' })
    await statusOf(bench, signer)
    expect(bench.keyServer.requests).toHaveLength(forget.length + 1)
  })

  test('is looked up again when it was invalidated during a look-up', async () => {
    const bench = createBench()
    const signer = await knownKey(bench)
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const asked = Promise.withResolvers<undefined>()
    bench.keyServer.fault = async () => {
      asked.resolve(undefined)
      await promise
      bench.keyServer.fault = null
      // The answer that was on its way: from before.
      return Response.json({ data: { verifyPublicKeys: [validAnswerOf()] } })
    }
    const before = statusOf(bench, signer)
    await asked.promise
    bench.verifier.invalidate({ owner })
    bench.keyServer.keys.set(`${owner}/${signer.keyid}`, { state: 'REVOKED' })
    resolve(undefined)
    expect(await before).toBe('revoked')
    expect(await statusOf(bench, signer)).toBe('revoked')
  })

  test('that is invalidated during each look-up is unavailable', async () => {
    const bench = createBench({ whenUnavailable: 'serve-stale', cacheSeconds: 0 })
    const signer = await knownKey(bench)
    expect(await statusOf(bench, signer)).toBe('valid')
    bench.keyServer.fault = async () => {
      bench.verifier.invalidate({ owner })
      return Response.json({ data: { verifyPublicKeys: [validAnswerOf()] } })
    }
    expect(await statusOf(bench, signer)).toBe('unavailable')
    expect(bench.keyServer.requests).toHaveLength(4)
  })

  test('is not valid when its term ended during the look-up', async () => {
    const bench = createBench()
    const expiresAt = new Date((startSeconds + 3) * 1000)
    const signer = await knownKey(bench, { expiresAt })
    bench.keyServer.fault = async () => {
      const answer = { ...validAnswerOf(), expiresAt: expiresAt.toISOString() }
      bench.pass(3)
      return Response.json({ data: { verifyPublicKeys: [answer] } })
    }
    expect(await statusOf(bench, signer)).toBe('expired')
  })

  test('is as old as the request: the duration of the look-up counts', async () => {
    const bench = createBench({ cacheSeconds: 10 })
    const signer = await knownKey(bench)
    bench.keyServer.fault = async () => {
      bench.pass(8)
      bench.keyServer.fault = null
      return Response.json({ data: { verifyPublicKeys: [validAnswerOf()] } })
    }
    expect(await statusOf(bench, signer)).toBe('valid')
    bench.keyServer.keys.set(`${owner}/${signer.keyid}`, { state: 'REVOKED' })
    bench.pass(2)
    expect(await statusOf(bench, signer)).toBe('revoked')
  })

  test('is not cached longer because the machine slept', async () => {
    const bench = createBench({ whenUnavailable: 'serve-stale' })
    const [signer, other] = [await knownKey(bench), await knownKey(bench)]
    await Promise.all([statusOf(bench, signer), statusOf(bench, other)])
    bench.keyServer.keys.set(`${owner}/${signer.keyid}`, { state: 'REVOKED' })
    bench.sleep(8 * 3600)
    expect(await statusOf(bench, signer)).toBe('revoked')
    bench.keyServer.fault = () => Promise.reject(new TypeError('unreachable'))
    expect(await statusOf(bench, other)).toBe('unavailable')
  })

  test('is not pushed out of the cache by any number of other owners', async () => {
    const bench = createBench({ cacheEntriesMax: 10 })
    const signer = await knownKey(bench)
    await statusOf(bench, signer)
    for (let other = 0; other < 50; other += 1) await statusOf(bench, signer, `other-${String(other)}`)
    const requests = bench.keyServer.requests.length
    expect(await statusOf(bench, signer)).toBe('valid')
    expect(bench.keyServer.requests).toHaveLength(requests)
  })
})

describe('a query in a batch', () => {
  test('is answered, whatever the other queries contain', async () => {
    const bench = createBench({ whenUnavailable: 'serve-stale' })
    const signer = await knownKey(bench)
    const refused = Array.from({ length: 25 }, () => ({ owner: 'mallory', publicKey: unacceptable }))
    const [result, ...others] = await Promise.all(
      [{ owner, publicKey: signer.jwk }, ...refused].map((query) => bench.verifier.verify(query)),
    )
    expect(result).toMatchObject({ status: 'valid', source: 'key-server' })
    expect(new Set(others.map(({ status }) => status))).toEqual(new Set(['unavailable']))
    // A refusal does not pause the look-ups.
    expect(await statusOf(bench, await knownKey(bench))).toBe('valid')
  })

  test('is answered when the batch is larger than a request', async () => {
    const bench = createBench()
    const keys = Array.from({ length: 100 }, (_, index) => ({
      kty: 'AKP',
      alg: 'ML-DSA-87',
      pub: Buffer.alloc(2592, index).toString('base64url'),
    }))
    const results = await Promise.all(keys.map((publicKey) => bench.verifier.verify({ owner, publicKey })))
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['unknown-key']))
    expect(bench.keyServer.requests.flat()).toHaveLength(100)
  })

  test('does not include an invalid owner', async () => {
    const bench = createBench()
    const signer = await knownKey(bench)
    const list: string = JSON.parse('["bob"]')
    const [honest, strange] = await Promise.all([
      statusOf(bench, signer),
      bench.verifier.verify({ owner: list, publicKey: signer.jwk }),
    ])
    expect([honest, strange.status]).toEqual(['valid', 'unknown-key'])
    expect(bench.keyServer.requests).toEqual([[owner]])
  })
})

describe('a key that is not valid', () => {
  test('is looked up again after negativeCacheSeconds', async () => {
    const bench = createBench()
    const signer = await createSigner('ed25519')
    expect(await statusOf(bench, signer)).toBe('unknown-key')
    bench.keyServer.keys.set(`${owner}/${signer.keyid}`, { state: 'ACTIVE' })
    bench.pass(4)
    expect(await statusOf(bench, signer)).toBe('unknown-key')
    bench.pass(1)
    expect(await statusOf(bench, signer)).toBe('valid')
  })

  test('that is pending becomes valid when its term begins', async () => {
    const bench = createBench({ negativeCacheSeconds: 60 })
    const notBefore = new Date((startSeconds + 3) * 1000)
    const signer = await knownKey(bench, { state: 'PENDING', notBefore })
    expect(await statusOf(bench, signer)).toBe('pending')
    bench.keyServer.keys.set(`${owner}/${signer.keyid}`, { state: 'ACTIVE', notBefore })
    bench.pass(3)
    expect(await statusOf(bench, signer)).toBe('valid')
  })

  test('that is revoked is cached as long as a valid one', async () => {
    const bench = createBench()
    const signer = await knownKey(bench, { state: 'REVOKED' })
    await statusOf(bench, signer)
    bench.pass(59)
    await statusOf(bench, signer)
    expect(bench.keyServer.requests).toHaveLength(1)
  })
})
