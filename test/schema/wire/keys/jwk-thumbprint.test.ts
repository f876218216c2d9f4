import fc from 'fast-check'
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import { describe, expect, test } from 'vitest'
import { parsePublicJwk } from '../../../../schema/wire/keys/jwk.ts'
import { thumbprint } from '../../../../schema/wire/keys/thumbprint.ts'
import { thumbprintOf } from '../../../../server/lib/thumbprint-of.ts'
import { thumbprintVectors } from '../../../support/vectors/thumbprints.ts'

describe('a thumbprint', () => {
  test.each(thumbprintVectors)('agrees with $source', async ({ jwk, thumbprint: published }) => {
    expect(await thumbprint(parsePublicJwk(jwk))).toBe(published)
    expect(thumbprintOf(parsePublicJwk(jwk))).toBe(published)
  })

  test.each([
    ['Ed25519', { crv: 'Ed25519' }],
    ['ECDH-ES', { crv: 'X25519' }],
    ['ES256', {}],
    ['ES384', {}],
    ['ES512', {}],
    ['RS256', { modulusLength: 2048 }],
  ] as const)('of a generated key for %s is the one that jose computes', async (alg, options) => {
    const runs = alg === 'RS256' ? 2 : 8
    for (let run = 0; run < runs; run++) {
      const { publicKey } = await generateKeyPair(alg, { ...options, extractable: true })
      const exported = await exportJWK(publicKey)
      const parsed = parsePublicJwk({ ...exported, alg, use: 'sig', kid: 'one', key_ops: [], ext: true })
      expect(parsed).toEqual(exported)
      expect(await thumbprint(parsed)).toBe(await calculateJwkThumbprint(exported))
    }
  })

  test.each([
    ['ML-DSA-44', 1312],
    ['ML-DSA-65', 1952],
    ['ML-DSA-87', 2592],
  ] as const)('of an %s key is the one that jose computes', async (alg, length) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: length, maxLength: length }), async (bytes) => {
        const jwk = { kty: 'AKP', alg, pub: Buffer.from(bytes).toString('base64url') }
        expect(await thumbprint(parsePublicJwk(jwk))).toBe(await calculateJwkThumbprint(jwk))
      }),
      { numRuns: 5 },
    )
  })

  test('does not depend on the order of the members', async () => {
    const { jwk, thumbprint: published } = thumbprintVectors[1] ?? expect.unreachable()
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(Object.entries(jwk), { minLength: 3 }), async (members) => {
        expect(await thumbprint(parsePublicJwk(Object.fromEntries(members)))).toBe(published)
      }),
    )
  })
})
