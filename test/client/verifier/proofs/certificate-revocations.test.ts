import { describe, expect, test } from 'vitest'
import { signStatement, type KeyRevocation } from '../../../../schema/wire/statements/statement.ts'
import type { RawKey } from '../../../support/raw-client.ts'
import { signerOf } from '../../../support/trust.ts'
import { owner, shop, startSeconds } from '../../../support/verifier.ts'
import {
  certificationPath,
  createWorld,
  jti,
  phone,
  phoneCertificate,
  tablet,
  thief,
  transactionKey,
} from './certificate-world.ts'

describe('a key whose revocation its owner has signed', () => {
  const revoke = (by: RawKey, changes: Partial<KeyRevocation> = {}) =>
    signStatement(
      'claviger-revocation+jwt',
      {
        v: 1,
        iss: owner,
        aud: shop,
        jti,
        jkt: transactionKey.keyid,
        iat: startSeconds - 1,
        reason: 'COMPROMISED',
        ...changes,
      },
      signerOf(by),
    )
  const valid = { certificate: phoneCertificate, endorsements: certificationPath, state: 'ACTIVE' } as const

  test('is revoked from then on, though the key server no longer serves it', async () => {
    const world = createWorld([phone.id], { ...valid, state: 'REVOKED', revocation: await revoke(tablet) })
    expect(await world.verify()).toBe('revoked')
    Object.assign(world.served, { state: 'ACTIVE', revocation: null })
    expect(await world.verify()).toBe('revoked')
    expect(world.details()).toEqual(['The owner has signed its revocation.'])
    // Negative control: a verifier that has not seen the revocation accepts the key.
    expect(await createWorld([phone.id], { ...valid }).verify()).toBe('valid')
  })

  test('is revoked though the key server answers that it is valid', async () => {
    expect(await createWorld([phone.id], { ...valid, revocation: await revoke(phone) }).verify()).toBe(
      'revoked',
    )
  })

  test.each<[string, () => Promise<string>]>([
    ['by an unknown key', () => revoke(thief)],
    ['of another key', () => revoke(phone, { jkt: thief.id })],
    ['for another application server', () => revoke(phone, { aud: 'https://bank.example' })],
    ['of another owner', () => revoke(phone, { iss: 'mallory' })],
    ['dated ahead', () => revoke(phone, { iat: startSeconds + 31 })],
    ['which is no statement', () => Promise.resolve('x')],
  ])('%s stays valid: only its owner can revoke it', async (_what, sign) => {
    expect(await createWorld([phone.id], { ...valid, revocation: await sign() }).verify()).toBe('valid')
  })

  test('is not recorded for an owner without pins', async () => {
    const world = createWorld(null, { ...valid, state: 'REVOKED', revocation: await revoke(phone) })
    expect(await world.verify()).toBe('revoked')
    Object.assign(world.served, { state: 'ACTIVE', revocation: null })
    expect(await world.verify()).toBe('valid')
  })
})
