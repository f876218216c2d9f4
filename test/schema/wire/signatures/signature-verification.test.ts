import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { KeyServerError } from '../../../../schema/wire/errors.ts'
import {
  httpProfile,
  parseSignature,
  serializeSignature,
  serializeSignatureInput,
  signatureBase,
  verifySignature,
  webSocketProfile,
  type ComponentValues,
  type SignatureAlgorithm,
} from '../../../../schema/wire/signatures/http-signature.ts'
import { algorithms, createSigner, postOf, sign, type Signed, type Signer } from './signers.ts'

describe.each(algorithms)('a request signed with %s', (alg) => {
  let signer: Signer
  let signed: Signed
  beforeAll(async () => {
    signer = await createSigner(alg)
    signed = await sign(signer, { values: await postOf('{"query":"{ account { name } }"}') })
  })

  test('is verified, whatever its body, its URL and its time are', async () => {
    const created = fc.integer({ min: 0, max: 99_999_999_999 })
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 500 }),
        fc.webUrl(),
        created,
        fc.nat({ max: 60 }),
        async (body, url, time, lifetime) => {
          const values = await postOf(body, url)
          const request = await sign(signer, { values, created: time, expires: time + lifetime })
          expect(await isVerified(request, { signer, values })).toBe(true)
        },
      ),
    )
  })

  test('is refused under another key', async () => {
    expect(await isVerified(signed, { signer: await createSigner(alg) })).toBe(false)
  })

  test.each([
    ['audience', '@target-uri', 'https://keys.evil/graphql'],
    ['scheme', '@target-uri', 'http://keys.example/graphql'],
    ['path', '@target-uri', 'https://keys.example/graphql/'],
    ['query', '@target-uri', 'https://keys.example/graphql?'],
    ['method', '@method', 'GET'],
    ['spelling of the method', '@method', 'post'],
    ['content type', 'content-type', 'application/graphql'],
    ['charset', 'content-type', 'application/json; charset=utf-8'],
    ['body', 'content-digest', 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:'],
  ])('is refused with another %s', async (_what, component, value) => {
    expect(await isVerified(signed, { signer, values: { ...signed.values, [component]: value } })).toBe(false)
  })

  test('is refused with any bit of any covered value flipped', async () => {
    const anyBit = fc.record({
      component: fc.constantFrom(...httpProfile.components),
      at: fc.nat(),
      bit: fc.nat({ max: 6 }),
    })
    await fc.assert(
      fc.asyncProperty(anyBit, async ({ component, at, bit }) => {
        const value = flipCharacter(signed.values[component] ?? expect.unreachable(), { at, bit })
        // No header has a line break: signatureBase takes that for a mistake of its caller.
        fc.pre(!/[\r\n]/.test(value))
        expect(await isVerified(signed, { signer, values: { ...signed.values, [component]: value } })).toBe(
          false,
        )
      }),
      { numRuns: 300 },
    )
  })

  test('is refused with any bit of Signature-Input flipped', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat({ max: 6 }), async (at, bit) => {
        const signatureInput = flipCharacter(signed.signatureInput, { at, bit })
        expect(await isVerified({ ...signed, signatureInput }, { signer })).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  test('is refused with any other parameter that is well-formed', async () => {
    const other: SignatureAlgorithm = alg === 'ed25519' ? 'ecdsa-p256-sha256' : 'ed25519'
    const { created, expires, nonce, keyid } = signed.parameters
    const changes = [
      { created: created + 1 },
      { created: created - 1, expires: expires - 1 },
      { expires: expires - 1 },
      { nonce: flipBytes(nonce) },
      { nonce: nonce.slice(0, 28) },
      { keyid: flipBytes(keyid) },
      { alg: other },
    ]
    for (const change of changes) {
      const parameters = { ...signed.parameters, ...change }
      const signatureInput = serializeSignatureInput(httpProfile, parameters)
      expect(parseSignature(httpProfile, { ...signed, signatureInput })).toMatchObject(parameters)
      expect(await isVerified({ ...signed, signatureInput }, { signer })).toBe(false)
    }
  })

  test('is refused with any bit of the signature flipped', async () => {
    const { signature } = parseSignature(httpProfile, signed)
    for (let at = 0; at < 64; at++) {
      for (const bit of [0, 3, 7]) {
        const flipped = Uint8Array.from(signature, (byte, index) => (index === at ? byte ^ (1 << bit) : byte))
        expect(await isVerified({ ...signed, signature: serializeSignature(flipped) }, { signer })).toBe(
          false,
        )
      }
    }
  })

  test.each([
    ['zeros', new Uint8Array(64)],
    ['ones', new Uint8Array(64).fill(0xff)],
  ])('is refused with a signature of nothing but %s', async (_what, bytes) => {
    expect(await isVerified({ ...signed, signature: serializeSignature(bytes) }, { signer })).toBe(false)
  })

  test("is refused with this key's good signature of another request", async () => {
    const other = await sign(signer, { ...signed.parameters, values: await postOf('{}') })
    expect(await isVerified({ ...signed, signature: other.signature }, { signer })).toBe(false)
  })

  test("is refused with another key's good signature of the same request", async () => {
    const thief = await createSigner(alg)
    const stolen = await sign(thief, { ...signed.parameters, values: signed.values })
    expect(await isVerified(stolen, { signer: thief })).toBe(true)
    expect(await isVerified(stolen, { signer })).toBe(false)
  })

  test('is refused when it names the other algorithm, also when it was signed so', async () => {
    const other: SignatureAlgorithm = alg === 'ed25519' ? 'ecdsa-p256-sha256' : 'ed25519'
    const confused = await sign(signer, { ...signed.parameters, alg: other, values: signed.values })
    expect(await isVerified(confused, { signer })).toBe(false)
    expect(
      await isVerified(confused, { signer: { ...(await createSigner(other)), keyid: signer.keyid } }),
    ).toBe(false)
  })

  test('is no signature of a socket, although it covers the same values', async () => {
    const values = { '@method': 'GET', '@target-uri': 'https://keys.example/graphql' }
    const socket = await sign(signer, { profile: webSocketProfile, values })
    const parsed = parseSignature(webSocketProfile, socket)
    expect(await verifySignature(parsed, { ...signer }, values)).toBe(true)
    const asHttp = { ...parsed, profile: { ...webSocketProfile, tag: httpProfile.tag } }
    expect(await verifySignature(asHttp, { ...signer }, values)).toBe(false)
  })
})

test('a signature of good form is answered with yes or no, and never with an error', async () => {
  const signers = await Promise.all(algorithms.map(createSigner))
  const values = await postOf('{}')
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 64, maxLength: 64 }),
      fc.constantFrom(...signers),
      fc.constantFrom(...algorithms),
      async (bytes, signer, alg) => {
        const { signatureInput } = await sign(signer, { values, alg })
        expect(
          await isVerified({ signatureInput, signature: serializeSignature(bytes) }, { signer, values }),
        ).toBe(false)
      },
    ),
  )
})

test('a component without a value, or with a line break in it, is a mistake of the caller', async () => {
  const { parameters, values } = await sign(await createSigner('ed25519'), { values: await postOf('{}') })
  const { 'content-digest': _digest, ...fewer } = values
  expect(() => signatureBase(httpProfile, parameters, fewer)).toThrow(TypeError)
  for (const lineBreak of ['\n', '\r']) {
    const broken = { ...values, '@method': `POST${lineBreak}"@target-uri": https://keys.example/graphql` }
    expect(() => signatureBase(httpProfile, parameters, broken)).toThrow(TypeError)
  }
})

/** A server's answer: false when the form is refused, and when the signature is not true. */
async function isVerified(
  received: {
    readonly signatureInput: string
    readonly signature: string
    readonly values?: ComponentValues
  },
  { signer, values = received.values ?? {} }: { signer: Signer; values?: ComponentValues },
): Promise<boolean> {
  try {
    return await verifySignature(parseSignature(httpProfile, received), signer, values)
  } catch (error) {
    if (error instanceof KeyServerError && error.details.reason === 'SIGNATURE_MALFORMED') return false
    throw error
  }
}

function flipCharacter(text: string, { at, bit }: { at: number; bit: number }): string {
  const index = at % text.length
  return `${text.slice(0, index)}${String.fromCharCode(text.charCodeAt(index) ^ (1 << bit))}${text.slice(index + 1)}`
}

/** Flips the first bit of what a base64url text decodes to. */
function flipBytes(text: string): string {
  const bytes = Buffer.from(text, 'base64url')
  return Buffer.from(bytes.map((byte, index) => (index === 0 ? byte ^ 1 : byte))).toString('base64url')
}
