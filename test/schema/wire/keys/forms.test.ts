import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvalidJwk, parsePublicJwk } from '../../../../schema/wire/keys/jwk.ts'
import { thumbprint } from '../../../../schema/wire/keys/thumbprint.ts'
import { parsePublicKey } from '../../../../schema/wire/keys/forms/public-key.ts'

/** The key of RFC 8037 appendix A.2 as OpenSSL and OpenSSH write it. */
const rfc8037 = {
  jwk: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
  pem: '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n',
  ssh: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea alice@laptop',
  thumbprint: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
}

/** A pair of every type that the protocol knows, made by OpenSSL. */
const pairs: Record<string, () => { publicKey: KeyObject; privateKey: KeyObject }> = {
  Ed25519: () => generateKeyPairSync('ed25519'),
  X25519: () => generateKeyPairSync('x25519'),
  'P-256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'P-384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'P-521': () => generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  'RSA 2048': () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  'ML-DSA-44': () => generateKeyPairSync('ml-dsa-44'),
  'ML-DSA-65': () => generateKeyPairSync('ml-dsa-65'),
  'ML-DSA-87': () => generateKeyPairSync('ml-dsa-87'),
}

describe.each(Object.entries(pairs))('a public key of %s', (_name, generate) => {
  const { publicKey, privateKey } = generate()
  const jwk = parsePublicJwk(publicKey.export({ format: 'jwk' }))

  test('is the same key as a JWK, in PEM and in DER', async () => {
    const forms = [
      publicKey.export({ format: 'jwk' }),
      publicKey.export({ type: 'spki', format: 'pem' }),
      publicKey.export({ type: 'spki', format: 'der' }),
      Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' })),
    ]
    for (const form of forms) expect(await parsePublicKey(form)).toEqual(jwk)
  })

  test('is refused in DER when a byte is missing or one too many', async () => {
    const der = Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' }))
    await expectRefused(der.subarray(0, -1))
    await expectRefused(der.subarray(1))
    await expectRefused(Uint8Array.of(...der, 0))
  })

  test('is refused when it is the private half, and the refusal quotes nothing of it', async () => {
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
    const der = privateKey.export({ type: 'pkcs8', format: 'der' })
    await expectRefused(pem, /private key/)
    await expectRefused(der)
    await expectRefused(privateKey.export({ format: 'jwk' }), /private member/)
  })
})

describe('a key as OpenSSH writes it', () => {
  test('is the key of RFC 8037, with a comment and without', async () => {
    for (const line of [rfc8037.ssh, `${rfc8037.ssh}\n`, rfc8037.ssh.split(' ').slice(0, 2).join(' ')]) {
      const jwk = await parsePublicKey(line)
      expect(jwk).toEqual(rfc8037.jwk)
      expect(await thumbprint(jwk)).toBe(rfc8037.thumbprint)
    }
  })

  test.each(['P-256', 'P-384', 'P-521'])('may be one of %s', async (namedCurve) => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve })
    const jwk = publicKey.export({ format: 'jwk' })
    expect(await parsePublicKey(sshLine(jwk))).toEqual(parsePublicJwk(jwk))
  })

  test.each([
    ['of another type', 'ssh-dss AAAAB3NzaC1kc3M= x'],
    [
      'whose type is another than that of its bytes',
      rfc8037.ssh.replace('ssh-ed25519', 'ecdsa-sha2-nistp256'),
    ],
    ['of a security key', rfc8037.ssh.replace('ssh-ed25519', 'sk-ssh-ed25519@openssh.com')],
    ['beside another', `${rfc8037.ssh}\n${rfc8037.ssh}`],
    ['after options', `no-pty ${rfc8037.ssh}`],
    ['cut short', rfc8037.ssh.slice(0, 60)],
    ['in base64url', rfc8037.ssh.replaceAll('+', '-')],
    ['without its base64', 'ssh-ed25519'],
  ])('is refused %s', async (_what, line) => {
    await expectRefused(line)
  })
})

describe('a key in PEM', () => {
  test('is the key of RFC 8037, whatever its line breaks', async () => {
    const { pem } = rfc8037
    for (const text of [pem, pem.replaceAll('\n', '\r\n'), `\n  ${pem}\n`, pem.replace('S/7', 'S/\n7')]) {
      expect(await parsePublicKey(text)).toEqual(rfc8037.jwk)
    }
  })

  test.each([
    ['twice', rfc8037.pem + rfc8037.pem],
    ['with words before it', `Here it is:\n${rfc8037.pem}`],
    ['under another label', rfc8037.pem.replaceAll('PUBLIC KEY', 'RSA PUBLIC KEY')],
    ['as a certificate', rfc8037.pem.replaceAll('PUBLIC KEY', 'CERTIFICATE')],
    ['without its end', rfc8037.pem.split('-----END')[0] ?? ''],
    ['without padding', rfc8037.pem.replace('=', '')],
    ['with stray bits', rfc8037.pem.replace('URo=', 'URp=')],
    ['beyond any length', rfc8037.pem.replace('\n', '\n'.repeat(20_000))],
  ])('is refused %s', async (_what, text) => {
    await expectRefused(text)
  })

  test.each([
    'PRIVATE KEY',
    'ENCRYPTED PRIVATE KEY',
    'EC PRIVATE KEY',
    'RSA PRIVATE KEY',
    'OPENSSH PRIVATE KEY',
  ])('is refused as %s, without an echo', async (label) => {
    const secret = 'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ=='
    await expectRefused(`-----BEGIN ${label}-----\n${secret}\n-----END ${label}-----`, /private key/)
    // Behind a public key it is refused as well.
    await expectRefused(
      `${rfc8037.pem}-----BEGIN ${label}-----\n${secret}\n-----END ${label}-----`,
      /private key/,
    )
  })
})

test('an unsound point is refused in every form', async () => {
  // The identity: of small order.
  const x = Uint8Array.of(1, ...new Uint8Array(31))
  const prefix = Uint8Array.from(
    createPublicKey(rfc8037.pem).export({ type: 'spki', format: 'der' }),
  ).subarray(0, 12)
  await expectRefused(Uint8Array.of(...prefix, ...x), /small order/)
  await expectRefused({ ...rfc8037.jwk, x: Buffer.from(x).toString('base64url') }, /small order/)
  const ssh = Buffer.concat([Buffer.from(rfc8037.ssh.split(' ')[1] ?? '', 'base64').subarray(0, 19), x])
  await expectRefused(`ssh-ed25519 ${ssh.toString('base64')}`, /small order/)
})

test('an RSA key that is too short is refused', async () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  await expectRefused(publicKey.export({ type: 'spki', format: 'der' }), /2048/)
})

describe('a CryptoKey', () => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }

  test('that is public and extractable is read', async () => {
    const { publicKey } = await generate(true)
    expect(await parsePublicKey(publicKey)).toEqual(
      parsePublicJwk(await crypto.subtle.exportKey('jwk', publicKey)),
    )
  })

  test('that is private is refused, also when it could be exported', async () => {
    await expectRefused((await generate(true)).privateKey, /public key/)
  })

  test('that is not extractable is refused', async () => {
    const jwk = await crypto.subtle.exportKey('jwk', (await generate(true)).publicKey)
    await expectRefused(
      await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['verify']),
      /extractable/,
    )
  })

  test('that is a secret is refused', async () => {
    const secret = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt'])
    await expectRefused(secret, /public key/)
  })

  async function generate(extractable: boolean): Promise<CryptoKeyPair> {
    return crypto.subtle.generateKey(algorithm, extractable, ['sign', 'verify'])
  }
})

test('whatever is given, the answer is a key or InvalidJwk', async () => {
  const texts = fc.oneof(
    fc.string(),
    fc.string().map((text) => `-----BEGIN PUBLIC KEY-----${text}-----END PUBLIC KEY-----`),
    fc.base64String().map((text) => `ssh-ed25519 ${text}`),
  )
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.anything(), texts, fc.uint8Array({ maxLength: 200 })), async (value) => {
      await expectRefused(value)
    }),
    { numRuns: 500 },
  )
})

async function expectRefused(value: unknown, rule = /./): Promise<void> {
  const error: unknown = await parsePublicKey(value).then(
    () => 'accepted',
    (reason: unknown) => reason,
  )
  if (!(error instanceof InvalidJwk)) expect.fail(`It is ${String(error)}.`)
  expect(error.message).toMatch(rule)
  if (typeof value !== 'string') return
  for (const word of value.split(/\s+/)) if (word.length > 24) expect(error.message).not.toContain(word)
}

/** RFC 5656 §3.1, by hand. */
function sshLine({ crv = '', x = '', y = '' }: { crv?: string; x?: string; y?: string }): string {
  const curve = crv.replace('P-', 'nistp')
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  const fields = [Buffer.from(`ecdsa-sha2-${curve}`), Buffer.from(curve), point].flatMap((field) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(field.length)
    return [length, field]
  })
  return `ecdsa-sha2-${curve} ${Buffer.concat(fields).toString('base64')} a comment`
}
