import { describe, expect, test } from 'vitest'
import { startSeconds } from '../../../support/verifier.ts'
import {
  certify,
  certificationPath,
  createWorld,
  endorse,
  laptop,
  phone,
  type ServedAnswer,
} from './certificate-world.ts'

describe('a certified key', () => {
  test('is uncertified for as long as a statement of its certification path is dated ahead, and not for longer', async () => {
    const ahead = await endorse(laptop, phone, { iat: startSeconds + 60 })
    const world = createWorld([phone.id], {
      certificate: await certify(laptop),
      endorsements: [ahead, ...certificationPath.slice(2)],
    })
    expect(await world.verify()).toBe('uncertified')
    world.pass(29)
    expect(await world.verify()).toBe('uncertified')
    world.pass(1)
    expect(await world.verify()).toBe('valid')
  })

  test('is valid no longer than certified, whatever time the key server answers', async () => {
    const exp = startSeconds + 10
    const world = createWorld(
      [phone.id],
      {
        certificate: await certify(phone, { exp }),
        endorsements: certificationPath,
        expiresAt: new Date(exp * 1000),
        checkedAt: new Date(0),
      },
      { cacheSeconds: 60, whenUnavailable: 'serve-stale', staleSeconds: 86_400 },
    )
    expect(await world.verify()).toBe('valid')
    world.pass(39)
    expect(await world.verify()).toBe('valid')
    world.pass(1)
    // Clocks may differ by 30 seconds, and not by more.
    expect(await world.verify()).toBe('uncertified')
  })

  test('is uncertified when an older certificate comes after a newer one', async () => {
    const older = await certify(phone, { iat: startSeconds - 10 })
    const world = createWorld([phone.id], { certificate: older, endorsements: certificationPath })
    expect(await world.verify()).toBe('valid')
    world.served.certificate = await certify(phone)
    expect(await world.verify()).toBe('valid')
    expect(await world.verify()).toBe('valid')
    world.served.certificate = older
    expect(await world.verify()).toBe('uncertified')
    expect(world.details()).toEqual(['A newer certificate was seen before.'])
  })

  test.each(['REVOKED', 'EXPIRED', 'PENDING'] as const)(
    'that is %s has that status, certified or not',
    async (state) => {
      const world = createWorld([phone.id], { state, certificate: null, endorsements: null })
      expect(await world.verify()).toBe(state.toLowerCase())
    },
  )

  test('is not valid from a stale result when it is uncertified', async () => {
    const served: ServedAnswer = { certificate: await certify(phone), endorsements: certificationPath }
    const world = createWorld([phone.id], served, { whenUnavailable: 'serve-stale' })
    expect(await world.verify()).toBe('valid')
    served.certificate = null
    expect(await world.verify()).toBe('uncertified')
  })
})
