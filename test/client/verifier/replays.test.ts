import { beforeEach, describe, expect, test, vi } from 'vitest'
import { memoryNoncesWith } from '../../../client/verifier/nonces.ts'
import { type Signer } from '../../schema/wire/signatures/signers.ts'
import {
  createBench,
  knownKey,
  outcomeOf,
  owner,
  signAppRequest,
  startSeconds,
  type AppRequest,
  type Bench,
} from '../../support/verifier.ts'

const stoppedClocks = { nowMs: () => startSeconds * 1000, monotonicMs: () => startSeconds * 1000 }

let bench: Bench
let signer: Signer
let request: AppRequest
beforeEach(async () => {
  bench = createBench()
  signer = await knownKey(bench)
  request = await signAppRequest(signer)
})

const check = (changed: AppRequest) => outcomeOf(bench.verifier, changed)

describe('a replay', () => {
  test('is refused, at once and until the signature has expired', async () => {
    expect(await check(request)).toBe('ok')
    expect(await check(request)).toBe('SIGNATURE_REPLAYED')
    bench.pass(60)
    expect(await check(request)).toBe('SIGNATURE_REPLAYED')
    bench.pass(1)
    expect(await check(request)).toBe('SIGNATURE_EXPIRED')
  })

  test('of many at once accepts one', async () => {
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => check(request)))
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1)
  })

  test('with a P-256 signature in its other form is refused', async () => {
    const key = await knownKey(bench, { alg: 'ecdsa-p256-sha256' })
    const signed = await signAppRequest(key)
    const twin = {
      ...signed,
      headers: { ...signed.headers, signature: mirrored(signed.headers['signature'] ?? '') },
    }
    expect(twin.headers.signature).not.toBe(signed.headers['signature'])
    expect(await check(signed)).toBe('ok')
    expect(await check(twin)).toBe('SIGNATURE_REPLAYED')
  })

  test('is detected by every verifier that shares the nonce store', async () => {
    const nonces = memoryNoncesWith({}, stoppedClocks)
    const [one, two] = [createBench({ nonces }), createBench({ nonces })]
    const key = await knownKey(one)
    two.keyServer.keys.set(`${owner}/${key.keyid}`, { state: 'ACTIVE' })
    const signed = await signAppRequest(key)
    expect(await outcomeOf(one.verifier, signed)).toBe('ok')
    expect(await outcomeOf(two.verifier, signed)).toBe('SIGNATURE_REPLAYED')
  })

  test('is not accepted when the store is full or cannot be reached: then every request is refused', async () => {
    const full = createBench({ nonces: memoryNoncesWith({ entriesMax: 1 }, stoppedClocks) })
    const key = await knownKey(full)
    expect(await outcomeOf(full.verifier, await signAppRequest(key))).toBe('ok')
    expect(await outcomeOf(full.verifier, await signAppRequest(key))).toBe('UNAVAILABLE')
    const away = createBench({ nonces: { consume: () => Promise.reject(new Error('away')) } })
    expect(await outcomeOf(away.verifier, await signAppRequest(await knownKey(away)))).toBe('UNAVAILABLE')
  })

  test('does not fill the store: expired nonces are removed', async () => {
    let now = startSeconds
    const nonces = memoryNoncesWith(
      { entriesMax: 10, ownerShare: 1 },
      { nowMs: () => now * 1000, monotonicMs: () => now * 1000 },
    )
    for (let round = 0; round < 100; round += 1) {
      expect(await nonces.consume(`alice/key/${String(round)}`, now + 60)).toBe(true)
      now += 20
    }
  })

  test('does not fill the store for others: an owner has a tenth of it', async () => {
    const nonces = memoryNoncesWith({ entriesMax: 100 }, stoppedClocks)
    const consume = async (name: string) => nonces.consume(name, startSeconds + 60)
    for (let round = 0; round < 10; round += 1)
      expect(await consume(`mallory/key/${String(round)}`)).toBe(true)
    await expect(consume('mallory/other-key/10')).rejects.toThrow(RangeError)
    expect(await consume('mallory/key/9')).toBe(false)
    expect(await consume('alice/key/0')).toBe(true)
  })

  test.each([
    ['for 10 s: it is known then, and what is new is let in', 10],
    ['for 300 s: what is forgotten by then is refused unseen', 300],
  ])('is not let in because the clock was an hour ahead %s', async (_what, aheadForSeconds) => {
    let [now, passed] = [startSeconds, 0]
    const nonces = memoryNoncesWith({}, { nowMs: () => now * 1000, monotonicMs: () => passed * 1000 })
    const consume = async (nonce: string) => nonces.consume(nonce, startSeconds + 60)
    expect(await consume('alice/key/0')).toBe(true)
    now += 3600
    passed += aheadForSeconds
    expect(await nonces.consume('alice/key/1', now + 60)).toBe(true)
    now -= 3600
    if (aheadForSeconds < 90) {
      expect(await consume('alice/key/0')).toBe(false)
      expect(await consume('alice/key/2')).toBe(true)
    } else {
      await expect(consume('alice/key/0')).rejects.toThrow(RangeError)
    }
  })

  test.each([
    ['the second before', -1],
    ['the same second', 0],
    ['the same second, by a clock that was an hour behind at the start and is set then', 3600],
  ])('is not let in by a verifier that starts anew in %s', async (_what, seconds) => {
    let [now, passed] = [startSeconds + 0.7 - (seconds > 0 ? seconds : 0), 0]
    const clocks = { nowMs: () => now * 1000, monotonicMs: () => passed * 1000 }
    const nonces = memoryNoncesWith({}, clocks)
    const restarted = createBench({ nonces })
    const key = await knownKey(restarted)
    if (seconds > 0) [now, passed] = [startSeconds + 2.7, 2]
    const created = startSeconds + (seconds < 0 ? seconds : 0)
    const used = await signAppRequest(key, { created, expires: created + 60 })
    expect(await outcomeOf(restarted.verifier, used)).toBe('SIGNATURE_EXPIRED')
    // A request that its client signs then is taken, however soon it is.
    const anew = await signAppRequest(key, { created: startSeconds + 1, expires: startSeconds + 61 })
    expect(await outcomeOf(restarted.verifier, anew)).toBe('ok')
  })

  test('after a start with a clock that was an hour ahead nobody is kept out once it is set back', async () => {
    let [now, passed] = [startSeconds + 3600, 0]
    const nonces = memoryNoncesWith({}, { nowMs: () => now * 1000, monotonicMs: () => passed * 1000 })
    const restarted = createBench({ nonces })
    const key = await knownKey(restarted)
    ;[now, passed] = [startSeconds, 5]
    expect(await outcomeOf(restarted.verifier, await signAppRequest(key))).toBe('ok')
  })

  test('is not accepted by a store that answers after the signature has expired', async () => {
    const asked = Promise.withResolvers<undefined>()
    const answer = Promise.withResolvers<boolean>()
    const slow = createBench({
      nonces: {
        consume: () => {
          asked.resolve(undefined)
          return answer.promise
        },
      },
    })
    const signed = await signAppRequest(await knownKey(slow))
    const outcome = outcomeOf(slow.verifier, signed)
    await asked.promise
    slow.pass(61)
    answer.resolve(true)
    expect(await outcome).toBe('SIGNATURE_EXPIRED')
  })

  test('is UNAVAILABLE after 2 seconds when the store does not answer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const consume = vi.fn(() => new Promise<boolean>(() => undefined))
      const isSettled = vi.fn()
      const hanging = createBench({ nonces: { consume } })
      const outcome = outcomeOf(hanging.verifier, await signAppRequest(await knownKey(hanging)))
      void outcome.then(isSettled)
      while (consume.mock.calls.length === 0) {
        await vi.advanceTimersByTimeAsync(1)
        await new Promise((resolve) => setImmediate(resolve))
      }
      await vi.advanceTimersByTimeAsync(1990)
      expect(isSettled).not.toHaveBeenCalled()
      await vi.advanceTimersByTimeAsync(10)
      expect(await outcome).toBe('UNAVAILABLE')
    } finally {
      vi.useRealTimers()
    }
  })
})

/** The same P-256 signature with n - s for s: as valid as it was. */
function mirrored(header: string): string {
  const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const bytes = Buffer.from(header.slice('sig=:'.length, -1), 'base64')
  const s = n - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
  const mirror = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')])
  return `sig=:${mirror.toString('base64')}:`
}
