import { describe, expect, test } from 'vitest'
import {
  firstMismatchedClaim,
  type CertifiedFacts,
  type KeyCertificate,
} from '../../../../schema/wire/statements/certificate.ts'
import { thumbprint } from '../../../../schema/wire/keys/thumbprint.ts'
import { createSigner } from '../signatures/signers.ts'

const { jwk } = await createSigner('ed25519')
const { jwk: otherJwk } = await createSigner('ed25519')
const [publicThumbprint, otherThumbprint] = [await thumbprint(jwk), await thumbprint(otherJwk)]

const certificate: KeyCertificate = {
  v: 1,
  iss: 'ada',
  aud: 'https://shop.example',
  jti: '3f0c1f6e-4f0b-4d0e-8a53-0e9a8c9d2a11',
  iat: 1_700_000_000,
  nbf: 1_700_000_000,
  exp: 1_800_000_000,
  max_uses: 10,
  overuse: 'REFUSE',
  cnf: { jwk },
}

const facts: CertifiedFacts = {
  owner: 'ada',
  applicationServer: 'https://shop.example',
  id: '3f0c1f6e-4f0b-4d0e-8a53-0e9a8c9d2a11',
  notBefore: new Date(1_700_000_000_999),
  expiresAt: new Date(1_800_000_000_001),
  maxUses: 10,
  overusePolicy: 'REFUSE',
  thumbprint: publicThumbprint,
}

const unlimited: KeyCertificate = {
  v: 1,
  iss: certificate.iss,
  aud: certificate.aud,
  jti: certificate.jti,
  iat: certificate.iat,
  cnf: { jkt: otherThumbprint },
}

const unlimitedFacts: CertifiedFacts = {
  ...facts,
  notBefore: null,
  expiresAt: null,
  maxUses: null,
  overusePolicy: 'NOTIFY',
  thumbprint: null,
}

describe('firstMismatchedClaim', () => {
  test('is null when every fact matches, instants cut to seconds', async () => {
    expect(await firstMismatchedClaim(certificate, facts)).toBeNull()
  })

  test('takes an absent claim for the statement that there is none', async () => {
    expect(await firstMismatchedClaim(unlimited, unlimitedFacts)).toBeNull()
  })

  test.each<[keyof KeyCertificate, Partial<CertifiedFacts>]>([
    ['iss', { owner: 'bob' }],
    ['aud', { applicationServer: 'https://shop.example/' }],
    ['jti', { id: crypto.randomUUID() }],
    ['nbf', { notBefore: new Date(1_700_000_001_000) }],
    ['nbf', { notBefore: null }],
    ['exp', { expiresAt: new Date(1_799_999_999_999) }],
    ['exp', { expiresAt: null }],
    ['max_uses', { maxUses: 11 }],
    ['max_uses', { maxUses: null }],
    ['overuse', { overusePolicy: 'NOTIFY' }],
    ['cnf', { thumbprint: otherThumbprint }],
    ['cnf', { thumbprint: null }],
  ])('names %s for the fact %o', async (claim, changes) => {
    expect(await firstMismatchedClaim(certificate, { ...facts, ...changes })).toBe(claim)
  })

  test.each<[keyof KeyCertificate, Partial<CertifiedFacts>]>([
    ['nbf', { notBefore: new Date(0) }],
    ['exp', { expiresAt: new Date(0) }],
    ['max_uses', { maxUses: 1 }],
    ['overuse', { overusePolicy: 'REFUSE' }],
    ['cnf', { thumbprint: publicThumbprint }],
  ])('names the absent claim %s for the fact %o', async (claim, changes) => {
    expect(await firstMismatchedClaim(unlimited, { ...unlimitedFacts, ...changes })).toBe(claim)
  })

  test('does not compare what the reader does not know', async () => {
    const { applicationServer, notBefore, expiresAt } = facts
    const known = { applicationServer, notBefore, expiresAt, thumbprint: publicThumbprint }
    expect(await firstMismatchedClaim(certificate, known)).toBeNull()
    expect(await firstMismatchedClaim(certificate, { ...known, expiresAt: null })).toBe('exp')
  })
})
