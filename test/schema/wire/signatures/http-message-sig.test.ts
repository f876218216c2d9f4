import fc from 'fast-check'
import { createSignature, verifySignature as verifyElsewhere, type Verifier } from 'http-message-sig'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  httpProfile,
  parseSignature,
  signatureBase,
  signBytes,
  verifySignature,
  webSocketProfile,
  type ComponentValues,
  type SignatureAlgorithm,
  type SignatureProfile,
} from '../../../../schema/wire/signatures/http-signature.ts'
import { algorithms, createSigner, postOf, sign, type Signer } from './signers.ts'

/*
 * Agreement with an independent implementation of RFC 9421. It has no ECDSA of its own, so for both algorithms it is
 * handed functions that sign and verify bytes: what is compared is the headers and the signature base, and its own
 * reading of ours. Everything that the profile uses can be expressed in it.
 */

const created = 1795414860
const webCrypto = {
  ed25519: { name: 'Ed25519' },
  'ecdsa-p256-sha256': { name: 'ECDSA', hash: 'SHA-256' },
} as const

const requests: readonly (readonly [string, SignatureProfile, () => Promise<ComponentValues>])[] = [
  ['a request', httpProfile, () => postOf('{"query":"{ account { name } }"}')],
  [
    "a socket's connection_init",
    webSocketProfile,
    () => Promise.resolve({ '@method': 'GET', '@target-uri': 'https://keys.example/graphql' }),
  ],
]

describe.each(algorithms)('with %s', (alg) => {
  let signer: Signer
  beforeAll(async () => {
    signer = await createSigner(alg)
  })

  test.each(requests)(
    '%s that we signed is verified by http-message-sig',
    async (_what, profile, valuesOf) => {
      const values = await valuesOf()
      const signed = await sign(signer, { profile, values, created, expires: created + 60 })
      const seen: string[] = []
      const verified = await verifyElsewhere(messageOf(values, signed), {
        policy: policyOf(alg, profile),
        resolveVerifier: () => verifierOf(alg, { signer, seen }),
      })
      expect(verified.label).toBe('sig')
      expect(verified.parameters).toEqual({ ...signed.parameters, tag: profile.tag })
      expect(seen).toEqual([new TextDecoder().decode(signatureBase(profile, signed.parameters, values))])
    },
  )

  test.each(requests)(
    '%s that http-message-sig signed is verified by us',
    async (_what, profile, valuesOf) => {
      const values = await valuesOf()
      const ours = await sign(signer, { profile, values, created, expires: created + 60 })
      const theirs = await signElsewhere(values, { alg, signer, profile, parameters: ours.parameters })
      expect(theirs.signatureInput).toBe(ours.signatureInput)
      expect(theirs.base).toBe(new TextDecoder().decode(signatureBase(profile, ours.parameters, values)))
      if (alg === 'ed25519') expect(theirs.signature).toBe(ours.signature)
      expect(await verifySignature(parseSignature(profile, theirs), signer, values)).toBe(true)
    },
  )

  test('the signature bases are the same bytes, whatever the request is', async () => {
    const target = fc.webUrl({ withQueryParameters: true })
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        target,
        fc.nat({ max: 60 }),
        async (body, url, lifetime) => {
          const values = await postOf(body, url)
          const ours = await sign(signer, { values, created, expires: created + lifetime })
          const theirs = await signElsewhere(values, {
            alg,
            signer,
            profile: httpProfile,
            parameters: ours.parameters,
          })
          expect(theirs.base).toBe(
            new TextDecoder().decode(signatureBase(httpProfile, ours.parameters, values)),
          )
          expect(theirs.signatureInput).toBe(ours.signatureInput)
        },
      ),
      { numRuns: 40 },
    )
  })

  test('a changed request is refused by both', async () => {
    const values = await postOf('{}')
    const signed = await sign(signer, { values, created, expires: created + 60 })
    const changed = { ...values, '@target-uri': 'https://keys.evil/graphql' }
    expect(await verifySignature(parseSignature(httpProfile, signed), signer, changed)).toBe(false)
    await expect(
      verifyElsewhere(messageOf(changed, signed), {
        policy: policyOf(alg, httpProfile),
        resolveVerifier: () => verifierOf(alg, { signer, seen: [] }),
      }),
    ).rejects.toMatchObject({ code: 'VerificationFailed' })
  })
})

function messageOf(values: ComponentValues, signed?: { signatureInput: string; signature: string }) {
  const { '@method': method = '', '@target-uri': targetUri = '', ...headers } = values
  const fields = {
    ...headers,
    ...(signed && { 'signature-input': signed.signatureInput, signature: signed.signature }),
  }
  return {
    kind: 'request',
    method,
    targetUri,
    fields: Object.entries(fields).map(([name, value]) => ({ name, value })),
  } as const
}

function policyOf(alg: SignatureAlgorithm, profile: SignatureProfile) {
  return {
    algorithms: [alg],
    requiredComponents: profile.components,
    requiredParameters: ['created', 'expires', 'nonce', 'keyid', 'alg', 'tag'],
    maxAge: 60,
    now: created,
  }
}

function verifierOf(alg: SignatureAlgorithm, { signer, seen }: { signer: Signer; seen: string[] }): Verifier {
  return {
    algorithm: alg,
    verify: (data, signature) => {
      seen.push(new TextDecoder().decode(data))
      const copy = Uint8Array.from(data)
      return crypto.subtle.verify(webCrypto[alg], signer.cryptoKey, Uint8Array.from(signature), copy)
    },
  }
}

async function signElsewhere(
  values: ComponentValues,
  {
    alg,
    signer,
    profile,
    parameters,
  }: {
    alg: SignatureAlgorithm
    signer: Signer
    profile: SignatureProfile
    parameters: Awaited<ReturnType<typeof sign>>['parameters']
  },
) {
  let base = ''
  const { created, expires, nonce, keyid } = parameters
  const fields = await createSignature(messageOf(values), {
    label: 'sig',
    components: profile.components,
    // In the order of the profile: http-message-sig keeps the one it is given.
    parameters: { created, expires, nonce, keyid, alg, tag: profile.tag },
    signer: {
      algorithm: alg,
      sign: (data) => {
        base = new TextDecoder().decode(data)
        return signBytes(alg, signer.privateKey, Uint8Array.from(data))
      },
    },
  })
  return { ...fields, base }
}
