import { describe, expect, test } from 'vitest'
import { startSeconds } from '../../../support/verifier.ts'
import {
  certify,
  certificationPath,
  createWorld,
  laptop,
  phone,
  phoneCertificate,
  tablet,
  thief,
  thieves,
  type ServedAnswer,
} from './certificate-world.ts'

describe('a key of an owner without pins', () => {
  test('is valid by the key server’s answer, and names the keys to pin', async () => {
    const world = createWorld(null, { certificate: await certify(tablet), endorsements: certificationPath })
    expect(await world.verify()).toBe('valid')
    expect(world.certifiedBy()).toEqual([tablet.id, laptop.id, phone.id])
  })

  test.each<[string, string | null, readonly string[] | null]>([
    ['without a certificate', null, null],
    ['whose signer’s public key is not served', phoneCertificate, []],
  ])('%s is valid, and names no key to pin', async (_which, certificate, endorsements) => {
    const world = createWorld(null, { certificate, endorsements })
    expect(await world.verify()).toBe('valid')
    expect(world.certifiedBy()).toBeNull()
  })

  test('is valid when its last endorsement is by a key that is not served, and names the last one that is', async () => {
    const world = createWorld(null, {
      certificate: await certify(tablet),
      endorsements: certificationPath.slice(0, 2),
    })
    expect(await world.verify()).toBe('valid')
    expect(world.certifiedBy()).toEqual([tablet.id, laptop.id])
  })

  test('leaves no state for the time when keys of the owner are pinned', async () => {
    let pins: string[] | null = null
    const served: ServedAnswer = {
      certificate: await certify(thief, { iat: startSeconds + 20 }),
      endorsements: thieves,
    }
    const world = createWorld(null, served, { certificates: { pinsOf: () => pins } })
    expect(await world.verify()).toBe('valid')
    pins = [phone.id]
    Object.assign(served, { certificate: await certify(phone), endorsements: certificationPath })
    expect(await world.verify()).toBe('valid')
  })

  test('is uncertified when its certificate does not match', async () => {
    const world = createWorld(null, {
      certificate: await certify(phone, { aud: 'https://bank.example' }),
      endorsements: certificationPath,
    })
    expect(await world.verify()).toBe('uncertified')
  })
})
