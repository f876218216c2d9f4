import { describe, expect, test } from 'vitest'
import {
  importSigningKey,
  signatureBase,
  signBytes,
  type ComponentValues,
  type SignatureParameters,
} from '../../../../schema/wire/signatures/http-signature.ts'
import { requestOfB26, responseOfB24 } from '../../../support/vectors/rfc-9421.ts'

/*
 * The published cases have other components and fewer parameters than our profile, which is fixed. So they check its
 * parts: the component lines of the signature base, signing, importing a key, and verifying. The last line of the base
 * is checked against another implementation in http-message-sig.test.ts.
 */

const parameters: SignatureParameters = {
  created: 1618884473,
  expires: 1618884533,
  nonce: 'AAECAwQFBgcICQoLDA0ODw',
  keyid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
  alg: 'ed25519',
}

describe('RFC 9421 appendix B.2.6 (Ed25519)', () => {
  const base = publishedBase(requestOfB26)

  test('the lines of the signature base are the published ones', () => {
    expect(componentLines(requestOfB26.values)).toEqual(base.split('\n').slice(0, -1))
  })

  test('signing makes the published signature', async () => {
    const jwk = { ...requestOfB26.jwk, d: requestOfB26.privateScalar }
    const privateKey = await crypto.subtle.importKey('jwk', jwk, 'Ed25519', false, ['sign'])
    const signature = await signBytes('ed25519', privateKey, new TextEncoder().encode(base))
    expect(Buffer.from(signature).toString('base64')).toBe(requestOfB26.signature)
  })

  test('the published signature is verified under the imported key, and no other text is', async () => {
    const key = await importSigningKey(requestOfB26.jwk)
    const signature = Buffer.from(requestOfB26.signature, 'base64')
    expect(await crypto.subtle.verify('Ed25519', key, signature, Buffer.from(base))).toBe(true)
    expect(await crypto.subtle.verify('Ed25519', key, signature, Buffer.from(`${base}\n`))).toBe(false)
  })
})

describe('RFC 9421 appendix B.2.4 (ECDSA P-256)', () => {
  const base = publishedBase(responseOfB24)

  test('the lines of the signature base are the published ones', () => {
    expect(componentLines(responseOfB24.values)).toEqual(base.split('\n').slice(0, -1))
  })

  test('the published signature is verified under the imported key, and no other text is', async () => {
    const key = await importSigningKey(responseOfB24.jwk)
    const signature = Buffer.from(responseOfB24.signature, 'base64')
    const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
    expect(signature).toHaveLength(64)
    expect(await crypto.subtle.verify(algorithm, key, signature, Buffer.from(base))).toBe(true)
    expect(await crypto.subtle.verify(algorithm, key, signature, Buffer.from(`${base}\n`))).toBe(false)
  })
})

function publishedBase({ values, parameters }: { values: ComponentValues; parameters: string }): string {
  const lines = Object.entries(values).map(([name, value]) => `"${name}": ${value}`)
  return [...lines, `"@signature-params": ${parameters}`].join('\n')
}

/** Ours, without the last line. */
function componentLines(values: ComponentValues): string[] {
  const base = signatureBase({ components: Object.keys(values), tag: 'claviger' }, parameters, values)
  return new TextDecoder().decode(base).split('\n').slice(0, -1)
}
