import { describe, expect, test, vi } from 'vitest'
import { certify, certificationPath, createWorld, phone } from './certificate-world.ts'

describe('pins', () => {
  test.each<[string, () => readonly (string | object)[]]>([
    [
      'that cannot be read',
      () => {
        throw new Error('The database cannot be reached.')
      },
    ],
    ['that are not keys', () => ['alice']],
    ['that are not a list', () => JSON.parse('""') as string[]],
    ['that are private keys', () => [{ ...phone.signingKey, d: 'AAAA' }]],
  ])('%s let no key be valid', async (_what, pinsOf) => {
    const served = { certificate: await certify(phone), endorsements: certificationPath }
    const world = createWorld(null, served, { certificates: { pinsOf } })
    expect(await world.verify()).toBe('unavailable')
    expect(world.details()).toEqual(['The pins of an owner could not be read.'])
  })

  test('that do not arrive delay their owner by 2 seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const pinsOf = vi.fn(() => new Promise<null>(() => undefined))
      const world = createWorld(
        null,
        { certificate: await certify(phone), endorsements: certificationPath },
        { certificates: { pinsOf } },
      )
      const answered = world.verify()
      while (pinsOf.mock.calls.length === 0) await new Promise((resolve) => setImmediate(resolve))
      await vi.advanceTimersByTimeAsync(2000)
      expect(await answered).toBe('unavailable')
    } finally {
      vi.useRealTimers()
    }
  })

  test('do not help with more than 16 endorsements', async () => {
    const world = createWorld([phone.id], {
      certificate: await certify(phone),
      endorsements: Array.from({ length: 17 }, () => certificationPath[2] ?? ''),
    })
    expect(await world.verify()).toBe('unavailable')
  })

  test('are read only for a look-up, and without the option nothing is', async () => {
    let reads = 0
    const served = { certificate: await certify(phone), endorsements: certificationPath }
    const world = createWorld(null, served, {
      cacheSeconds: 60,
      certificates: {
        pinsOf: async () => {
          reads += 1
          return [phone.id]
        },
      },
    })
    expect(await world.verify()).toBe('valid')
    expect(await world.verify()).toBe('valid')
    expect(reads).toBe(1)
    const plain = createWorld(null, { certificate: null, endorsements: null }, { certificates: undefined })
    expect(await plain.verify()).toBe('valid')
    expect(plain.certifiedBy()).toBeNull()
  })
})
