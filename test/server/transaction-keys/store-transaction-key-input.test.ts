import { ed25519 as curve } from '@noble/curves/ed25519.js'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  call,
  openAccount,
  storeInput,
  storeMutation,
  wrap,
  createRawKey,
  type RawKey,
} from '../../support/raw-client.ts'
import {
  expectBadInput,
  pick,
  secondsAhead,
  strangeIds,
  succeed,
  useWorld,
} from '../../support/operations.ts'
import { smallOrderEd25519 } from '../../support/vectors/small-order-points.ts'

const world = useWorld()
let key: RawKey
beforeAll(async () => {
  key = (await openAccount(world.url)).key
})

async function expectRefused(field: string, changes: Record<string, unknown>): Promise<void> {
  const input = await storeInput(key, changes)
  expectBadInput(await call(world.url, key, { query: storeMutation, variables: { input } }), field)
}

async function expectStored(changes: Record<string, unknown>): Promise<unknown> {
  const input = await storeInput(key, changes)
  return pick(
    await succeed(world.url, key, { query: storeMutation, variables: { input } }),
    'storeTransactionKey',
  )
}

const zeroUuid = '00000000-0000-0000-0000-000000000000'

test('an id that is no UUID is refused', async () => {
  for (const id of strangeIds.filter((id) => id.length !== 36)) await expectRefused('input.id', { id })
  await expectRefused('input.id', { id: `{${zeroUuid}}` })
  await expectRefused('input.id', { id: `${zeroUuid}\n` })
})

test('an id is kept in lower case', async () => {
  expect(await expectStored({ id: 'ABCDEF00-0000-4000-8000-00000000000A' })).toMatchObject({
    id: 'abcdef00-0000-4000-8000-00000000000a',
  })
})

const badTexts = [
  '',
  'x'.repeat(256),
  'nul\0',
  'tab\t',
  'line\nbreak',
  'esc\u001b',
  'c1\u0085',
  'del\u007f',
  '\ud800',
  'x\udc00y',
]

test.for(badTexts)('an application server %j is refused', async (applicationServer) => {
  await expectRefused('input.applicationServer', { applicationServer })
})

test.for(badTexts)('a label %j is refused', async (label) => {
  await expectRefused('input.label', { label })
})

test('an application server and a label have up to 255 characters of any script', async () => {
  const text = `${'ä'.repeat(251)}🔑${'字'.repeat(2)}`
  expect(await expectStored({ applicationServer: text, label: text })).toMatchObject({
    applicationServer: text,
    label: text,
  })
})

describe('public keys', () => {
  const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'
  const { Point } = curve
  const ed25519 = { kty: 'OKP', crv: 'Ed25519', x }
  const p256 = {
    kty: 'EC',
    crv: 'P-256',
    x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
    y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  }
  const bad: Record<string, unknown> = {
    'a text': 'text',
    'a number': 5,
    'a list': [ed25519],
    'a list of nothing': [],
    'an object of nothing': {},
    'no kty': { crv: 'Ed25519', x },
    'an unknown kty': { ...ed25519, kty: 'XXX' },
    'a kty that objects inherit': { ...ed25519, kty: 'constructor' },
    'a kty that is no text': { ...ed25519, kty: 1 },
    'a symmetric key': { kty: 'oct', k: 'AAAA' },
    'a symmetric kty without its key': { kty: 'oct' },
    'an unknown curve': { ...ed25519, crv: 'Ed448' },
    'a curve that objects inherit': { ...ed25519, crv: 'toString' },
    'no x': { kty: 'OKP', crv: 'Ed25519' },
    'an x that is no text': { ...ed25519, x: 1 },
    'an empty x': { ...ed25519, x: '' },
    'an x with padding': { ...ed25519, x: `${x}=` },
    'an x in base64': { ...ed25519, x: x.replace('_', '/') },
    'an x with stray bits': { ...ed25519, x: x.replace(/o$/, 'p') },
    'an x with white space': { ...ed25519, x: ` ${x}` },
    'an x that is too short': { ...ed25519, x: x.slice(0, 40) },
    'an x that is too long': { ...ed25519, x: `${x}AAAA` },
    'a point of small order': { ...ed25519, x: 'AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
    'a point of mixed order': {
      ...ed25519,
      x: Buffer.from(Point.BASE.add(Point.fromHex(smallOrderEd25519[4].hex)).toBytes()).toString('base64url'),
    },
    'the X25519 point zero': { kty: 'OKP', crv: 'X25519', x: 'A'.repeat(43) },
    'a y that OKP has not': { ...ed25519, y: x },
    'an unknown member': { ...ed25519, color: 'red' },
    'a point off the curve': { ...p256, y: p256.x },
    'the point zero': { ...p256, x: 'A'.repeat(43), y: 'A'.repeat(43) },
    'no y': { kty: 'EC', crv: 'P-256', x: p256.x },
    'the curve secp256k1': { ...p256, crv: 'secp256k1' },
    'a short RSA modulus': { kty: 'RSA', n: Buffer.alloc(128, 0xff).toString('base64url'), e: 'AQAB' },
    'an even RSA modulus': { kty: 'RSA', n: Buffer.alloc(256, 0xfe).toString('base64url'), e: 'AQAB' },
    'an RSA exponent of 1': { kty: 'RSA', n: Buffer.alloc(256, 0xff).toString('base64url'), e: 'AQ' },
    'an ML-DSA key of a wrong length': { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AAAA' },
  }

  test.for(Object.entries(bad))('a public key that is %s is refused', async ([, publicKey]) => {
    await expectRefused('input.publicKey', { publicKey })
  })

  test.for(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'])(
    'a public key with the private member %s is refused, whatever its value, and the value is not echoed',
    async (member) => {
      for (const value of ['c2VjcmV0LXNlY3JldA', null, 0, { a: 'c2VjcmV0LXNlY3JldA' }]) {
        const input = await storeInput(key, { publicKey: { ...ed25519, [member]: value } })
        const answer = await call(world.url, key, { query: storeMutation, variables: { input } })
        expectBadInput(answer, 'input.publicKey')
        expect(JSON.stringify(answer)).not.toContain('c2VjcmV0LXNlY3JldA')
      }
    },
  )

  test.for([
    p256,
    { kty: 'OKP', crv: 'X25519', x: '3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08' },
    { kty: 'RSA', n: Buffer.alloc(256, 0xff).toString('base64url'), e: 'AQAB' },
    { kty: 'AKP', alg: 'ML-DSA-44', pub: Buffer.alloc(1312, 1).toString('base64url') },
  ])('a public key of the kind %j is accepted', async (publicKey) => {
    expect(await expectStored({ publicKey })).toMatchObject({ publicKey })
  })
})

describe('wrapped keys', () => {
  const header = (members: object) => Buffer.from(JSON.stringify(members)).toString('base64url')
  const good = () => ({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', kid: key.id, cty: 'jwk+json' })
  const jwe = (members: object) => `${header(members)}.AAAA.AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA`

  const bad: Record<string, () => unknown> = {
    'a number': () => 7,
    'an object': () => ({ ciphertext: 'AAAA' }),
    'an empty text': () => '',
    'four parts': () => jwe(good()).split('.').slice(0, 4).join('.'),
    'six parts': () => `${jwe(good())}.AAAA`,
    padding: () => jwe(good()).replace('.AAAA.', '.AAA=.'),
    'a line break': () => `${jwe(good())}\n`,
    'no ciphertext': () => `${header(good())}.AAAA.AAAAAAAAAAAAAAAA..AAAAAAAAAAAAAAAAAAAAAA`,
    'no tag': () => `${header(good())}.AAAA.AAAAAAAAAAAAAAAA.AAAA.`,
    'no iv': () => `${header(good())}.AAAA..AAAA.AAAAAAAAAAAAAAAAAAAAAA`,
    'a header that is no JSON': () => jwe(good()).replace(/^[^.]*/, 'AAAA'),
    'a header that is a list': () => jwe([]),
    'no kid': () => jwe({ ...good(), kid: undefined }),
    'no cty': () => jwe({ ...good(), cty: undefined }),
    'another cty': () => jwe({ ...good(), cty: 'text/plain' }),
    'no alg': () => jwe({ ...good(), alg: undefined }),
    'alg none': () => jwe({ ...good(), alg: 'none' }),
    PBES2: () => jwe({ ...good(), alg: 'PBES2-HS512+A256KW', p2s: 'AAAA', p2c: 1 }),
    zip: () => jwe({ ...good(), zip: 'DEF' }),
    crit: () => jwe({ ...good(), crit: ['exp'], exp: 1 }),
    jku: () => jwe({ ...good(), jku: 'https://keys.example/jwks' }),
    'no enc': () => jwe({ ...good(), enc: undefined }),
    'an alg that is no text': () => jwe({ ...good(), alg: 1 }),
    'the kid of another management key': () => jwe({ ...good(), kid: 'A'.repeat(43) }),
    'more than 16 KiB': () => jwe(good()).replace('.AAAA.AAAAAAAAAAAAAAAA', `.AAAA.${'A'.repeat(16_384)}`),
  }

  test.for(Object.entries(bad))('a wrapped key that is or has %s is refused', async ([, value]) => {
    const wrappedKeys = [{ managementKeyId: key.id, jwe: value() }]
    await expectRefused('input.wrappedKeys.0.jwe', { wrappedKeys })
  })

  test('a wrapped key of exactly 16 KiB is accepted', async () => {
    const short = jwe(good())
    // Four characters are three bytes, so that the text stays canonical.
    const filled = short.replace(
      /AAAA\.A{22}$/,
      `${'A'.repeat(4 + 4 * Math.floor((16_384 - short.length) / 4))}.${'A'.repeat(22)}`,
    )
    await expectStored({ wrappedKeys: [{ managementKeyId: key.id, jwe: filled }] })
    expect(filled.length).toBeGreaterThan(16_380)
  })

  test('a key without a wrapped key, and one with two for a management key, are refused', async () => {
    await expectRefused('input.wrappedKeys', { wrappedKeys: [] })
    const wrappedKey = { managementKeyId: key.id, jwe: await wrap(key) }
    await expectRefused('input.wrappedKeys.1', { wrappedKeys: [wrappedKey, wrappedKey] })
  })

  test('101 wrapped keys are refused, and 100 are checked one by one', async () => {
    const other = await createRawKey()
    const wrappedKeys = (count: number) =>
      Array.from({ length: count }, (_, index) => {
        const kid = `${other.id.slice(0, 40)}${String(index).padStart(3, '0')}`
        return { managementKeyId: kid, jwe: jwe({ ...good(), kid }) }
      })
    await expectRefused('input.wrappedKeys', { wrappedKeys: wrappedKeys(101) })
    const input = await storeInput(key, { wrappedKeys: wrappedKeys(100) })
    expect((await call(world.url, key, { query: storeMutation, variables: { input } })).code).toBe(
      'NOT_FOUND',
    )
  })

  test('a management key id that can be none is answered like an unknown one', async () => {
    for (const kid of ['', 'x', 'nul\0', '\ud800'.toWellFormed(), 'x'.repeat(5000)]) {
      const input = await storeInput(key, {
        wrappedKeys: [{ managementKeyId: kid, jwe: jwe({ ...good(), kid }) }],
      })
      const answer = await call(world.url, key, { query: storeMutation, variables: { input } })
      expect(answer.code, kid.slice(0, 10)).toBe('NOT_FOUND')
    }
  })
})

describe('terms', () => {
  const bad = [
    'soon',
    '',
    5,
    true,
    {},
    '2026-11-23',
    '2026-11-23T06:21Z',
    '2026-11-23T06:21:00',
    '2026-11-23 06:21:00Z',
    '23.11.2026',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-23T24:00:00Z',
    '2026-11-23T06:21:60Z',
    '2026-11-23T06:21:00+25:00',
    '1969-12-31T23:59:59Z',
    '0000-01-01T00:00:00Z',
    '+010000-01-01T00:00:00Z',
    '9999-12-31T23:59:59-01:00',
    '2026-11-23T06:21:00Z\n',
    '2026-11-23T06:21:00Z\0',
    'infinity',
    'now',
  ]
  test.for(bad)('the instant %j is refused', async (instant) => {
    await expectRefused('input.expiresAt', { expiresAt: instant })
    await expectRefused('input.notBefore', { notBefore: instant })
  })

  test.for([
    ['2026-11-23T06:21:00Z', '2026-11-23T06:21:00.000Z'],
    ['2026-11-23T06:21:00.1Z', '2026-11-23T06:21:00.100Z'],
    ['2026-11-23T06:21:00.123456789Z', '2026-11-23T06:21:00.123Z'],
    ['2026-11-23T06:21:00+02:00', '2026-11-23T04:21:00.000Z'],
    ['2024-02-29T23:59:59.999Z', '2024-02-29T23:59:59.999Z'],
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('the instant %s is %s', async ([sent, answered]) => {
    expect(await expectStored({ notBefore: sent })).toMatchObject({ notBefore: answered })
    expect(await expectStored({ expiresAt: sent })).toMatchObject({ expiresAt: answered })
  })

  test('a term that ends before it begins, or as it begins, is refused', async () => {
    const notBefore = secondsAhead(60)
    await expectRefused('input.expiresAt', { notBefore, expiresAt: secondsAhead(30) })
    await expectRefused('input.expiresAt', { notBefore, expiresAt: notBefore })
  })

  test.for([[[0]], [[-1]], [[60, 315_360_001]]])(
    'the notices %j are refused by the position of the wrong one',
    async ([notices]) => {
      const position = (notices?.length ?? 0) - 1
      await expectRefused(`input.expiryNotices.${position}`, {
        expiresAt: secondsAhead(60),
        expiryNotices: notices,
      })
    },
  )

  test('11 notices are refused, 10 are accepted, and so is one of ten years', async () => {
    const notices = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
    await expectRefused('input.expiryNotices', { expiryNotices: notices(11) })
    await expectStored({ expiryNotices: notices(10) })
    await expectStored({ expiryNotices: [315_360_000] })
  })
})

describe('limits', () => {
  test.for([0, -1, -2147483648])('%d uses are refused', async (maxUses) => {
    await expectRefused('input.maxUses', { maxUses })
  })
  test.for([2147483648, 1.5, '5', true, [1, 2]])('uses that are no Int, %j, are refused', async (maxUses) => {
    await expectRefused('input.maxUses', { maxUses })
  })
  test.for([1, 2147483647])('%d uses are accepted', async (maxUses) => {
    expect(await expectStored({ maxUses })).toMatchObject({ maxUses })
  })
  test('a policy that does not exist is refused', async () => {
    await expectRefused('input.overusePolicy', { overusePolicy: 'IGNORE' })
  })
  test('a member that does not exist, or that is required and missing, is refused', async () => {
    await expectRefused('input', { privateKey: 'x' })
    for (const name of ['id', 'applicationServer', 'wrappedKeys']) {
      await expectRefused(`input.${name}`, { [name]: undefined })
      await expectRefused(`input.${name}`, { [name]: null })
    }
  })
})
