import { CompactSign, exportJWK, generateKeyPair } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { parseSigningJwk, parseWrappingJwk, type SigningJwk } from '../../../../schema/wire/keys/jwk.ts'
import { thumbprint } from '../../../../schema/wire/keys/thumbprint.ts'
import {
  haveSamePayload,
  FutureStatement,
  InvalidStatement,
  parseStatement,
  signPayloadOf,
  signStatement,
  statementAlgorithmOf,
  verifyStatement,
  type Endorsement,
  type KeyCertificate,
  type KeyPossession,
  type PossessionProof,
  type StatementSigner,
  type StatementType,
  type VerificationAnswer,
} from '../../../../schema/wire/statements/statement.ts'

interface TestSigner extends StatementSigner {
  readonly jwk: SigningJwk
}

async function createSigner(algorithm: 'Ed25519' | 'ES256'): Promise<TestSigner> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true })
  const jwk = parseSigningJwk(await exportJWK(publicKey))
  return { jwk, kid: await thumbprint(jwk), alg: statementAlgorithmOf(jwk), privateKey }
}

let ed25519: TestSigner
let p256: TestSigner
let certificate: KeyCertificate
let endorsement: Endorsement
let answer: VerificationAnswer
let possession: KeyPossession
beforeAll(async () => {
  ed25519 = await createSigner('Ed25519')
  p256 = await createSigner('ES256')
  const wrapping = await generateKeyPair('ECDH-ES', { crv: 'X25519', extractable: true })
  certificate = {
    v: 1,
    iss: 'owner',
    aud: 'https://shop.example',
    jti: '0b6b7a52-6a3c-4a86-9c67-0d2b3c6f7a10',
    iat: 1_795_414_860,
    nbf: 1_795_414_800,
    exp: 1_895_414_860,
    max_uses: 5,
    overuse: 'REFUSE',
    cnf: { jwk: p256.jwk },
  }
  endorsement = {
    v: 1,
    iss: 'owner',
    sub: p256.kid,
    iat: 1_795_414_860,
    kind: 'DEVICE',
    cnf: { jwk: p256.jwk },
    wrap: parseWrappingJwk(await exportJWK(wrapping.publicKey)),
  }
  const { v, iss, aud, jti, iat } = certificate
  possession = { v, iss, aud, jti, iat }
  answer = {
    v: 1,
    iss: 'https://keys.example',
    sub: 'owner',
    aud: 'https://shop.example',
    jkt: p256.kid,
    coincides: true,
    valid: true,
    state: 'ACTIVE',
    nbf_key: 1,
    exp_key: 1_895_414_860,
    iat: 1_795_414_860,
    exp: 1_795_415_160,
  }
})

/** Any header over any payload, as somebody who does not keep to the protocol signs it. */
function sign(signer: TestSigner, header: object, payload: unknown = certificate): Promise<string> {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  return new CompactSign(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: signer.alg, typ: 'claviger-key+jwt', kid: signer.kid, ...header })
    .sign(signer.privateKey, { crit: { claviger: true } })
}

/** Any text as the header over any text as the payload. */
async function signText(signer: TestSigner, header: string, payload: string): Promise<string> {
  const input = [header, payload].map((text) => Buffer.from(text).toString('base64url')).join('.')
  const signature = await crypto.subtle.sign('Ed25519', signer.privateKey, Buffer.from(input))
  return `${input}.${Buffer.from(signature).toString('base64url')}`
}

/** The same object in other bytes. */
const secondSpellings: readonly ((json: string) => string)[] = [
  (json) => ` ${json}`,
  (json) => `${json}\n`,
  (json) => json.replace(':', ': '),
  (json) => json.replace(',', `,${' '.repeat(1_000)}`),
  (json) => json.replace('"a', '"\\u0061'),
  // The first member twice.
  (json) => json.replace(/^\{("\w+":[^,]+,)/, '{$1$1'),
]

/** A statement with parts of it replaced. */
function compose(statement: string, changes: { header?: object; signature?: string }): string {
  const [header = '', payload = '', signature = ''] = statement.split('.')
  const encoded = changes.header && Buffer.from(JSON.stringify(changes.header)).toString('base64url')
  return [encoded ?? header, payload, changes.signature ?? signature].join('.')
}

/** Somebody whose clock is the signer's. */
function readerOf({ jwk }: TestSigner, nowSeconds = 1_795_414_860) {
  return { signingKey: jwk, nowSeconds }
}

async function expectRefused(statement: unknown, signer = ed25519, type: StatementType = 'claviger-key+jwt') {
  const refusal = await verifyStatement(type, statement, readerOf(signer)).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(InvalidStatement)
}

describe('a statement of the future', () => {
  const types = [
    'claviger-key+jwt',
    'claviger-endorsement+jwt',
    'claviger-proof+jwt',
    'claviger-possession+jwt',
    'claviger-answer+jwt',
  ] as const

  test.each(types)(
    'is refused when it is dated more than 30 seconds ahead of its reader: %s',
    async (type) => {
      const signer = type === 'claviger-proof+jwt' ? p256 : ed25519
      const payloads = {
        'claviger-key+jwt': certificate,
        'claviger-endorsement+jwt': endorsement,
        'claviger-proof+jwt': endorsement,
        'claviger-possession+jwt': possession,
        'claviger-answer+jwt': answer,
      }
      const statement = await signStatement(type, payloads[type], signer)
      const { iat } = certificate
      await expect(verifyStatement(type, statement, readerOf(signer, iat - 30))).resolves.toMatchObject({
        iat,
      })
      await expect(verifyStatement(type, statement, readerOf(signer, iat - 31))).rejects.toThrow(
        FutureStatement,
      )
    },
  )
})

describe('a statement is read back by who has the public key of its signer:', () => {
  test.each(['EdDSA', 'ES256'] as const)('a certificate, %s', async (alg) => {
    const signer = alg === 'EdDSA' ? ed25519 : p256
    const statement = await signStatement('claviger-key+jwt', certificate, signer)
    expect(await verifyStatement('claviger-key+jwt', statement, readerOf(signer))).toEqual(certificate)
    expect(parseStatement('claviger-key+jwt', statement)).toEqual({
      kid: signer.kid,
      alg,
      payload: certificate,
    })
  })

  test("a symmetric key's certificate without any optional claim", async () => {
    const { nbf: _nbf, exp: _exp, max_uses: _maxUses, overuse: _overuse, ...rest } = certificate
    const least: KeyCertificate = { ...rest, cnf: { jkt: ed25519.kid } }
    const statement = await signStatement('claviger-key+jwt', least, ed25519)
    expect(await verifyStatement('claviger-key+jwt', statement, readerOf(ed25519))).toEqual(least)
  })

  test.each(['EdDSA', 'ES256'] as const)('a possession statement by the key itself, %s', async (alg) => {
    const signer = alg === 'EdDSA' ? ed25519 : p256
    const statement = await signStatement('claviger-possession+jwt', possession, signer)
    expect(await verifyStatement('claviger-possession+jwt', statement, readerOf(signer))).toEqual(possession)
    await expectRefused(statement, signer, 'claviger-key+jwt')
  })

  test('an answer', async () => {
    const statement = await signStatement('claviger-answer+jwt', answer, ed25519)
    expect(await verifyStatement('claviger-answer+jwt', statement, readerOf(ed25519))).toEqual(answer)
  })

  test('an endorsement, and the proof of possession over the same bytes', async () => {
    const endorsed = await signStatement('claviger-endorsement+jwt', endorsement, ed25519)
    const proof = await signPayloadOf(endorsed, 'claviger-proof+jwt', p256)
    expect(await verifyStatement('claviger-endorsement+jwt', endorsed, readerOf(ed25519))).toEqual(
      endorsement,
    )
    const proved: PossessionProof = await verifyStatement('claviger-proof+jwt', proof, readerOf(p256))
    expect(proved).toEqual(endorsement)
    expect(haveSamePayload(endorsed, proof)).toBe(true)
    const { v, ...reordered } = endorsement
    const other = await signStatement('claviger-proof+jwt', { ...reordered, v }, p256)
    expect(haveSamePayload(endorsed, other)).toBe(false)
  })
})

describe('a statement is refused', () => {
  test('under the key of another signer', async () => {
    await expectRefused(await sign(ed25519, {}), p256)
    const other = await createSigner('Ed25519')
    await expectRefused(await sign(other, { kid: ed25519.kid }))
    await expectRefused(await sign(other, { jwk: other.jwk }))
  })

  test('when its payload or its signature was changed', async () => {
    const statement = await sign(ed25519, {})
    const [header = '', , signature = ''] = statement.split('.')
    const changed = Buffer.from(JSON.stringify({ ...certificate, aud: 'https://evil.example' }))
    await expectRefused([header, changed.toString('base64url'), signature].join('.'))
    await expectRefused(compose(statement, { signature: Buffer.alloc(64).toString('base64url') }))
    await expectRefused(compose(statement, { signature: '' }))
  })

  test.each([
    'claviger-endorsement+jwt',
    'claviger-proof+jwt',
    'claviger-answer+jwt',
    'JWT',
    'CLAVIGER-KEY+JWT',
    'application/claviger-key+jwt',
    undefined,
  ])('as a certificate when its typ is %s', async (typ) => {
    await expectRefused(await sign(ed25519, { typ }))
  })

  test('as a proof when it is an endorsement of the same payload, and the reverse', async () => {
    const self = { ...endorsement, sub: ed25519.kid, cnf: { jwk: ed25519.jwk } }
    const endorsed = await signStatement('claviger-endorsement+jwt', self, ed25519)
    const proof = await signStatement('claviger-proof+jwt', self, ed25519)
    await expectRefused(endorsed, ed25519, 'claviger-proof+jwt')
    await expectRefused(proof, ed25519, 'claviger-endorsement+jwt')
  })

  test('with an algorithm other than the one that the key implies', async () => {
    await expectRefused(await sign(ed25519, { alg: 'Ed25519' }))
    const statement = await sign(ed25519, {})
    const { alg: _alg, ...header } = { alg: '', typ: 'claviger-key+jwt', kid: ed25519.kid }
    for (const alg of ['none', 'HS256', 'ES256', 'RS256', 'eddsa', undefined]) {
      await expectRefused(compose(statement, { header: { ...header, alg } }))
    }
    await expectRefused(compose(statement, { header: { ...header, alg: 'none' }, signature: '' }))
  })

  test('that is an HMAC with the public key as its secret', async () => {
    const secret = Buffer.from(JSON.stringify(ed25519.jwk))
    const forged = await new CompactSign(Buffer.from(JSON.stringify(certificate)))
      .setProtectedHeader({ alg: 'HS256', typ: 'claviger-key+jwt', kid: ed25519.kid })
      .sign(new Uint8Array(Buffer.concat([secret, secret])))
    await expectRefused(forged)
  })

  test.each([
    { crit: ['claviger'], claviger: true },
    { jku: 'https://evil.example' },
    { x5c: ['AAAA'] },
    { cty: 'JWT' },
  ])('with a further header member: %j', async (header) => {
    await expectRefused(await sign(ed25519, header))
  })

  test('in any second spelling of its base64url', async () => {
    const statement = await sign(ed25519, {})
    await verifyStatement('claviger-key+jwt', statement, readerOf(ed25519))
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    // The last character of 64 bytes has four unused bits.
    const last = alphabet.indexOf(statement.at(-1) ?? '')
    await expectRefused(statement.slice(0, -1) + (alphabet[last + 1] ?? ''))
    await expectRefused(`${statement}==`)
    await expectRefused(` ${statement}`)
    await expectRefused(statement.replace('.', '.\n'))
    await expectRefused(`${statement}.`)
  })

  test('in any second spelling of its JSON', async () => {
    const header = JSON.stringify({ alg: ed25519.alg, typ: 'claviger-key+jwt', kid: ed25519.kid })
    const payload = JSON.stringify(certificate)
    await verifyStatement('claviger-key+jwt', await signText(ed25519, header, payload), readerOf(ed25519))
    for (const respell of secondSpellings) {
      expect(JSON.parse(respell(payload)), respell(payload)).toEqual(certificate)
      await expectRefused(await signText(ed25519, header, respell(payload)))
      await expectRefused(await signText(ed25519, respell(header), payload))
      const statement = await signText(ed25519, header, respell(payload))
      await expect(signPayloadOf(statement, 'claviger-key+jwt', ed25519)).rejects.toThrow(InvalidStatement)
    }
  })

  test.each([
    ['another version', { v: 2 }],
    ['no version', { v: undefined }],
    ['a version in a text', { v: '1' }],
    ['no issuer', { iss: undefined }],
    ['an audience list', { aud: ['https://shop.example'] }],
    ['a time in milliseconds', { iat: 1_795_414_860_000 }],
    ['a time with a fraction', { exp: 1_795_414_860.5 }],
    ['a time in a text', { nbf: '1795414860' }],
    ['an explicit null', { exp: null }],
    ['a limit of 0', { max_uses: 0 }],
    ['an unknown policy', { overuse: 'IGNORE' }],
    ['a symmetric key itself', { cnf: { jwk: { kty: 'oct', k: 'AAAA' } } }],
    ['both forms of cnf', { cnf: { jkt: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k', jwk: {} } }],
    ['no cnf', { cnf: undefined }],
    ['a claim of no version', { note: 'unknown' }],
  ])('with %s', async (_name, change) => {
    await expectRefused(await sign(ed25519, {}, { ...certificate, ...change }))
  })

  test.each(['[]', 'null', '"text"', '{', '\u{feff}{}'])('whose payload is %j', async (payload) => {
    await expectRefused(await sign(ed25519, {}, payload))
  })

  test('that is too long, and what is no text', async () => {
    await expectRefused(await sign(ed25519, {}, { ...certificate, aud: 'x'.repeat(20_000) }))
    for (const value of [null, undefined, 1, {}, '', '..', 'a.b.c']) await expectRefused(value)
  })

  test('when it is an endorsement or a proof whose key carries more than keys have', async () => {
    const padded = (characters: number) => ({
      ...endorsement,
      cnf: { jwk: { ...p256.jwk, kid: 'x'.repeat(characters) } },
    })
    for (const type of ['claviger-endorsement+jwt', 'claviger-proof+jwt'] as const) {
      expect(
        await verifyStatement(type, await sign(ed25519, { typ: type }, padded(43)), readerOf(ed25519)),
      ).toEqual(endorsement)
      await expectRefused(await sign(ed25519, { typ: type }, padded(1_500)), ed25519, type)
    }
  })

  test('never for its length when it certifies the largest key under the longest names', async () => {
    const largest: KeyCertificate = {
      ...certificate,
      iss: 'o'.repeat(64),
      aud: `${'\u{1F511}'.repeat(127)}x`,
      max_uses: 2_147_483_647,
      cnf: { jwk: { kty: 'AKP', alg: 'ML-DSA-87', pub: Buffer.alloc(2592, 1).toString('base64url') } },
    }
    const statement = await signStatement('claviger-key+jwt', largest, p256)
    expect(await verifyStatement('claviger-key+jwt', statement, readerOf(p256))).toEqual(largest)
    const others = { ...largest, aud: '\u{FFFD}'.repeat(255) }
    expect((await signStatement('claviger-key+jwt', others, p256)).length).toBeGreaterThan(6_000)
  })

  test('when an endorsement names another key than the one it holds', async () => {
    const wrong = { ...endorsement, sub: ed25519.kid }
    await expectRefused(
      await sign(ed25519, { typ: 'claviger-endorsement+jwt' }, wrong),
      ed25519,
      'claviger-endorsement+jwt',
    )
  })

  test('when an answer lives for more than 5 minutes', async () => {
    const long = { ...answer, exp: answer.iat + 301 }
    await expectRefused(
      await sign(ed25519, { typ: 'claviger-answer+jwt' }, long),
      ed25519,
      'claviger-answer+jwt',
    )
  })
})

test('nothing is signed that verification would refuse', async () => {
  const wrong = { ...certificate, max_uses: 0 }
  await expect(signStatement('claviger-key+jwt', wrong, ed25519)).rejects.toThrow(InvalidStatement)
  const statement = await signStatement('claviger-key+jwt', certificate, ed25519)
  await expect(signPayloadOf(statement, 'claviger-proof+jwt', ed25519)).rejects.toThrow(InvalidStatement)
})
