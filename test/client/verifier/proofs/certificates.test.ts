import { describe, expect, test } from 'vitest'
import { thumbprint } from '../../../../schema/wire/keys/thumbprint.ts'
import { signStatement } from '../../../../schema/wire/statements/statement.ts'
import type { RawKey } from '../../../support/raw-client.ts'
import { endorsementOf, signerOf } from '../../../support/trust.ts'
import { createSigner } from '../../../schema/wire/signatures/signers.ts'
import { owner, shop, startSeconds } from '../../../support/verifier.ts'
import {
  certify,
  certificationPath,
  createWorld,
  endorse,
  endorseViewer,
  jti,
  laptop,
  phone,
  tablet,
  thief,
  thieves,
  transactionKey,
  type ServedAnswer,
} from './certificate-world.ts'

describe('a key whose owner’s management key is pinned', () => {
  test.each<[string, readonly (string | object)[], RawKey, readonly string[] | null, readonly RawKey[]]>([
    ['its certificate is by the pinned key itself', [phone.id], phone, certificationPath.slice(2), [phone]],
    [
      'the pinned key is given as a JWK, and nothing else is served',
      [phone.signingKey],
      phone,
      null,
      [phone],
    ],
    [
      'endorsements lead from the pinned key to its signer',
      [phone.id],
      tablet,
      certificationPath,
      [tablet, laptop, phone],
    ],
    ['the pinned key is in the middle of them', [laptop.id], tablet, certificationPath, [tablet, laptop]],
    [
      'the pinned key is a JWK, and not all of them are served',
      [laptop.signingKey],
      tablet,
      certificationPath.slice(0, 1),
      [tablet, laptop],
    ],
    ['the pinned key is given twice', [phone.signingKey, phone.id], phone, null, [phone]],
    [
      'one of several pinned keys is',
      [thief.id, phone.id],
      laptop,
      certificationPath.slice(1),
      [laptop, phone],
    ],
  ])('is valid when %s', async (_when, pins, signer, endorsements, path) => {
    const world = createWorld(pins, { certificate: await certify(signer), endorsements })
    expect(await world.verify()).toBe('valid')
    expect(world.certifiedBy()).toEqual(path.map(({ id }) => id))
    expect(world.details()).toEqual([])
  })

  test.each<[string, () => Promise<Partial<ServedAnswer>>, string | RegExp]>([
    ['there is no certificate', async () => ({ certificate: null }), 'The key has no certificate'],
    ['its certificate is no statement', async () => ({ certificate: 'x' }), /compact JWS/],
    [
      'its certificate is by another key',
      async () => ({ certificate: await certify(thief), endorsements: thieves }),
      /No certification path/,
    ],
    [
      'its certificate is by a VIEWER',
      async () => ({
        certificate: await certify(tablet),
        endorsements: [await endorseViewer(tablet, laptop), ...certificationPath.slice(1)],
      }),
      /VIEWER/,
    ],
    [
      'its signer is endorsed by a VIEWER',
      async () => ({
        certificate: await certify(tablet),
        endorsements: [
          await endorse(tablet, laptop),
          await endorseViewer(laptop, phone),
          ...certificationPath.slice(2),
        ],
      }),
      /VIEWER/,
    ],
    [
      'its certificate is by another key, of which nothing is served',
      async () => ({ certificate: await certify(thief), endorsements: [] }),
      /No certification path/,
    ],
    [
      'it is by another key, under the id of the pinned one',
      async () => ({
        certificate: await signStatement(
          'claviger-key+jwt',
          { v: 1, iss: owner, aud: shop, jti, iat: startSeconds, cnf: { jwk: transactionKey.jwk } },
          { ...signerOf(thief), kid: phone.id },
        ),
      }),
      'The signature of this statement is wrong.',
    ],
    [
      'its signer is endorsed by another key, which endorses itself',
      async () => ({
        certificate: await certify(laptop),
        endorsements: [await endorse(laptop, thief), ...thieves],
      }),
      /No certification path/,
    ],
    [
      'its signer is endorsed under the id of the pinned key by another one',
      async () => ({
        certificate: await certify(thief),
        endorsements: [
          await signStatement('claviger-endorsement+jwt', endorsementOf(owner, thief), {
            ...signerOf(thief),
            kid: phone.id,
          }),
          ...certificationPath.slice(2),
        ],
      }),
      /Its endorsement is invalid/,
    ],
    [
      'the endorsement of its signer is for another account',
      async () => ({
        certificate: await certify(laptop),
        endorsements: [await endorse(laptop, phone, { iss: 'bob' }), ...certificationPath.slice(2)],
      }),
      /about another account/,
    ],
    [
      'a link is missing',
      async () => ({
        certificate: await certify(tablet),
        endorsements: [certificationPath[0] ?? '', certificationPath[2] ?? ''],
      }),
      /No certification path/,
    ],
    [
      'its signers endorse each other in a circle',
      async () => ({
        certificate: await certify(thief),
        endorsements: [await endorse(thief, tablet), await endorse(tablet, thief)],
      }),
      /No certification path/,
    ],
    [
      "its certificate is another owner's",
      async () => ({ certificate: await certify(phone, { iss: 'bob' }) }),
      /claim "iss"/,
    ],
    [
      'its certificate is for another application server',
      async () => ({ certificate: await certify(phone, { aud: 'https://bank.example' }) }),
      /claim "aud"/,
    ],
    [
      "it is another key's certificate",
      async () => ({
        certificate: await certify(phone, { cnf: { jwk: (await createSigner('ed25519')).jwk } }),
      }),
      /claim "cnf"/,
    ],
    [
      "it is a symmetric key's certificate with the thumbprint of this one",
      async () => ({
        certificate: await certify(phone, { cnf: { jkt: await thumbprint(transactionKey.jwk) } }),
      }),
      /claim "cnf"/,
    ],
    [
      'the key server answers a later end of its term',
      async () => ({
        certificate: await certify(phone, { exp: startSeconds + 60 }),
        expiresAt: new Date((startSeconds + 3600) * 1000),
      }),
      /claim "exp"/,
    ],
    [
      'the key server leaves out the end of its term',
      async () => ({ certificate: await certify(phone, { exp: startSeconds + 60 }) }),
      /claim "exp"/,
    ],
    [
      'its certified term has ended, whatever the key server answers',
      async () => ({
        certificate: await certify(phone, { exp: startSeconds - 3600 }),
        expiresAt: new Date((startSeconds - 3600) * 1000),
      }),
      /By its certified term/,
    ],
    [
      'its certificate is dated ahead',
      async () => ({ certificate: await certify(phone, { iat: startSeconds + 3600 }) }),
      'ahead of the reader',
    ],
  ])('is uncertified when %s', async (_when, changes, detail) => {
    const served = {
      certificate: await certify(phone),
      endorsements: certificationPath,
      ...(await changes()),
    }
    const world = createWorld([phone.id], served)
    expect(await world.verify()).toBe('uncertified')
    expect(world.certifiedBy()).toBeNull()
    expect(world.details()).toEqual([expect.stringMatching(detail)])
  })

  test('is uncertified when no management key of the owner is trusted at all', async () => {
    const world = createWorld([], { certificate: await certify(phone), endorsements: certificationPath })
    expect(await world.verify()).toBe('uncertified')
  })
})
