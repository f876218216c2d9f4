import { describe, expect, test } from 'vitest'
import { createSigner } from '../../schema/wire/signatures/signers.ts'
import { createBench, knownKey, owner, statusOf, validAnswerOf } from '../../support/verifier.ts'

describe('while the key server cannot be reached', () => {
  const unreachable = () => Promise.reject(new TypeError('unreachable'))

  test('every key is unavailable by default', async () => {
    const bench = createBench({ cacheSeconds: 10 })
    const signer = await knownKey(bench)
    await statusOf(bench, signer)
    bench.keyServer.fault = unreachable
    expect(await statusOf(bench, signer)).toBe('valid')
    bench.pass(10)
    expect(await statusOf(bench, signer)).toBe('unavailable')
  })

  test('with serve-stale a key that was valid is accepted for staleSeconds, and no other', async () => {
    const bench = createBench({ cacheSeconds: 10, whenUnavailable: 'serve-stale', staleSeconds: 100 })
    const [known, revoked] = [await knownKey(bench), await knownKey(bench, { state: 'REVOKED' })]
    await Promise.all([statusOf(bench, known), statusOf(bench, revoked)])
    bench.keyServer.fault = unreachable
    bench.pass(99)
    expect(await bench.verifier.verify({ owner, publicKey: known.jwk })).toMatchObject({
      valid: true,
      status: 'valid',
      source: 'stale',
    })
    expect(await statusOf(bench, revoked)).toBe('unavailable')
    expect(await statusOf(bench, await createSigner('ed25519'))).toBe('unavailable')
    bench.pass(1)
    expect(await statusOf(bench, known)).toBe('unavailable')
  })

  test('with serve-stale a key that is known to be revoked is no longer accepted', async () => {
    const bench = createBench({ cacheSeconds: 10, whenUnavailable: 'serve-stale' })
    const signer = await knownKey(bench)
    await statusOf(bench, signer)
    bench.keyServer.keys.set(`${owner}/${signer.keyid}`, { state: 'REVOKED' })
    bench.pass(10)
    expect(await statusOf(bench, signer)).toBe('revoked')
    bench.keyServer.fault = unreachable
    bench.pass(60)
    expect(await statusOf(bench, signer)).toBe('unavailable')
  })

  test('with serve-stale nothing is served after a refusal by the key server', async () => {
    const bench = createBench({ cacheSeconds: 10, whenUnavailable: 'serve-stale' })
    const signer = await knownKey(bench)
    await statusOf(bench, signer)
    bench.pass(10)
    for (const code of ['BAD_USER_INPUT', 'TOO_LARGE', 'GRAPHQL_VALIDATION_FAILED']) {
      bench.keyServer.fault = async () =>
        Response.json({ errors: [{ message: 'Refused.', extensions: { code } }] })
      expect(await statusOf(bench, signer)).toBe('unavailable')
      bench.pass(1)
    }
    bench.keyServer.fault = async () => Response.json({ data: { verifyPublicKeys: [{}] } })
    expect(await statusOf(bench, signer)).toBe('unavailable')
  })

  test('a request is tried three times, and then not for a second', async () => {
    const bench = createBench()
    const signer = await knownKey(bench)
    bench.keyServer.fault = unreachable
    expect(await statusOf(bench, signer)).toBe('unavailable')
    expect(bench.keyServer.requests).toHaveLength(3)
    bench.keyServer.fault = null
    expect(await statusOf(bench, signer)).toBe('unavailable')
    expect(bench.keyServer.requests).toHaveLength(3)
    bench.pass(1)
    expect(await statusOf(bench, signer)).toBe('valid')
    expect(bench.events).toContainEqual({ type: 'looked-up', queries: 1, durationMs: 0, outcome: 'NETWORK' })
    expect(bench.events.at(-1)).toEqual({ type: 'verified', status: 'valid', source: 'key-server' })
  })

  test('a fault of one attempt is retried', async () => {
    const bench = createBench()
    const signer = await knownKey(bench)
    bench.keyServer.fault = () => {
      bench.keyServer.fault = null
      return unreachable()
    }
    expect(await statusOf(bench, signer)).toBe('valid')
  })

  test('a missing answer is a time-out', async () => {
    const bench = createBench({ timeoutMs: 30 })
    const signer = await knownKey(bench)
    bench.keyServer.fault = (signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => {
          reject(new TypeError('aborted'))
        })
      })
    expect(await statusOf(bench, signer)).toBe('unavailable')
    expect(bench.events).toContainEqual({ type: 'looked-up', queries: 1, durationMs: 0, outcome: 'TIMEOUT' })
  })

  test.each([
    ['contradicts itself', { ...validAnswerOf(), coincides: false }],
    ['is valid without a state', { ...validAnswerOf(), state: null }],
    ['has an unknown state', { ...validAnswerOf(), state: 'SLEEPING' }],
  ])('an answer that %s lets nobody in', async (_what, answer) => {
    const bench = createBench()
    bench.keyServer.fault = async () => Response.json({ data: { verifyPublicKeys: [answer] } })
    expect(await statusOf(bench, await knownKey(bench))).toBe('unavailable')
  })

  test('fewer answers than queries make all unavailable', async () => {
    const bench = createBench()
    bench.keyServer.fault = async () => Response.json({ data: { verifyPublicKeys: [] } })
    expect(await statusOf(bench, await knownKey(bench))).toBe('unavailable')
  })
})
