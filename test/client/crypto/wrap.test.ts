import { CompactEncrypt } from 'jose'
import { describe, expect, test } from 'vitest'
import { generateManagementKey, type ManagementKey } from '../../../client/crypto/management-key.ts'
import { publicHalfOf } from '../../../client/crypto/public-half.ts'
import {
  generateSecret,
  type Secret,
  type TransactionKeyAlgorithm,
} from '../../../client/crypto/transaction-key.ts'
import { importWrappingKey, unwrap, wrapForAll } from '../../../client/crypto/wrap.ts'
import { parsePublicJwk, parseWrappingJwk } from '../../../schema/wire/keys/jwk.ts'
import { parseWrappedKeyHeader } from '../../../schema/wire/keys/jwe.ts'

const algorithms: TransactionKeyAlgorithm[] = ['Ed25519', 'P-256', 'X25519', 'A256GCM']
const bound = { id: '6f1b2c3d-0000-4000-8000-000000000001', applicationServer: 'https://shop.example' }

const createManagementKey = () => generateManagementKey({ signingAlgorithm: 'Ed25519', extractable: false })

async function wrapFor(managementKey: ManagementKey, secret: Secret): Promise<string> {
  const recipients = [{ id: managementKey.id, wrappingKey: managementKey.wrapping.publicKey }]
  const [wrappedKey] = await wrapForAll(secret, { ...bound, recipients })
  if (wrappedKey === undefined) throw new Error('Nothing was wrapped.')
  return wrappedKey.jwe
}

/** Wraps any text, with any header, as an attacker could. */
function forge(
  managementKey: ManagementKey,
  { text, header = {} }: { text: string; header?: object },
): Promise<string> {
  return new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({
      alg: 'ECDH-ES+A256KW',
      enc: 'A256GCM',
      kid: managementKey.id,
      cty: 'jwk+json',
      ...header,
    })
    .encrypt(managementKey.wrapping.publicKey)
}

describe('a wrapped transaction key', () => {
  test.each(algorithms)(
    'of %s opens to the same secret, with a key that cannot be extracted',
    async (algorithm) => {
      const managementKey = await createManagementKey()
      const secret = await generateSecret(algorithm)
      const jwe = await wrapFor(managementKey, secret)
      expect(await unwrap(jwe, { managementKey, expected: bound })).toEqual(secret)
    },
  )

  test('has the header that the key server requires, and reveals nothing of the secret', async () => {
    const managementKey = await createManagementKey()
    const secret = await generateSecret('A256GCM')
    const jwe = await wrapFor(managementKey, secret)
    expect(parseWrappedKeyHeader(jwe)).toEqual({
      alg: 'ECDH-ES+A256KW',
      enc: 'A256GCM',
      kid: managementKey.id,
    })
    const [, , , ciphertext = ''] = jwe.split('.')
    expect(Buffer.from(ciphertext, 'base64url').includes(secret.jwk['k'] ?? '')).toBe(false)
  })

  test('is wrapped once for each recipient, and opens for each', async () => {
    const managementKeys = [await createManagementKey(), await createManagementKey()]
    const secret = await generateSecret('Ed25519')
    const recipients = managementKeys.map(({ id, wrapping }) => ({ id, wrappingKey: wrapping.publicKey }))
    const wrappedKeys = await wrapForAll(secret, { ...bound, recipients })
    for (const managementKey of managementKeys) {
      const wrappedKey = wrappedKeys.find(({ managementKeyId }) => managementKeyId === managementKey.id)
      expect(await unwrap(wrappedKey?.jwe ?? '', { managementKey, expected: bound })).toEqual(secret)
    }
  })

  test('can be wrapped for a P-256 wrapping key, as another client may have one', async () => {
    const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits'])
    const publicJwk = await crypto.subtle.exportKey('jwk', pair.publicKey)
    const wrappingKey = await importWrappingKey(parseWrappingJwk(publicJwk))
    const managementKey = { ...(await createManagementKey()), wrapping: pair }
    const secret = await generateSecret('Ed25519')
    const recipients = [{ id: managementKey.id, wrappingKey }]
    const [wrappedKey] = await wrapForAll(secret, { ...bound, recipients })
    expect(await unwrap(wrappedKey?.jwe ?? '', { managementKey, expected: bound })).toEqual(secret)
  })

  test('does not open with another management key', async () => {
    const [one, other] = [await createManagementKey(), await createManagementKey()]
    const jwe = await wrapFor(one, await generateSecret('Ed25519'))
    await expect(unwrap(jwe, { managementKey: other, expected: bound })).rejects.toMatchObject({
      code: 'KEY_MISMATCH',
    })
    const impostor = { ...other, id: one.id }
    await expect(unwrap(jwe, { managementKey: impostor, expected: bound })).rejects.toMatchObject({
      code: 'UNWRAP_FAILED',
    })
  })

  test.each([0, 1, 2, 3, 4])('does not open when its part %i is changed', async (index) => {
    const managementKey = await createManagementKey()
    const jwe = await wrapFor(managementKey, await generateSecret('Ed25519'))
    const parts = jwe.split('.')
    const part = parts[index] ?? ''
    const middle = Math.floor(part.length / 2)
    parts[index] = `${part.slice(0, middle)}${part[middle] === 'A' ? 'B' : 'A'}${part.slice(middle + 1)}`
    await expect(unwrap(parts.join('.'), { managementKey, expected: bound })).rejects.toMatchObject({
      name: 'VaultError',
    })
  })

  test.each([
    { what: 'transaction key', expected: { ...bound, id: '6f1b2c3d-0000-4000-8000-000000000002' } },
    { what: 'application server', expected: { ...bound, applicationServer: 'https://bank.example' } },
  ])('that was wrapped for another $what is noticed', async ({ expected }) => {
    const managementKey = await createManagementKey()
    const jwe = await wrapFor(managementKey, await generateSecret('Ed25519'))
    await expect(unwrap(jwe, { managementKey, expected })).rejects.toMatchObject({ code: 'KEY_MISMATCH' })
  })

  test('opens without the members that bind it, which another client may not write', async () => {
    const managementKey = await createManagementKey()
    const secret = await generateSecret('Ed25519')
    const jwe = await forge(managementKey, { text: JSON.stringify(secret.jwk) })
    expect(await unwrap(jwe, { managementKey, expected: bound })).toEqual(secret)
  })

  test.each([{ alg: 'ECDH-ES' }, { alg: 'ECDH-ES+A128KW' }, { enc: 'A128CBC-HS256' }])(
    'of an algorithm that is not on the list is refused: %o',
    async (header) => {
      const managementKey = await createManagementKey()
      const { jwk } = await generateSecret('Ed25519')
      const jwe = await forge(managementKey, { text: JSON.stringify(jwk), header })
      await expect(unwrap(jwe, { managementKey, expected: bound })).rejects.toMatchObject({
        code: 'UNWRAP_FAILED',
      })
    },
  )

  test.each([
    '',
    'null',
    '[]',
    '"text"',
    '{}',
    '{"kty":"oct","k":"AA"}',
    '{"kty":"OKP","crv":"Ed25519","d":1}',
  ])('that holds no key is refused without quoting it: %s', async (text) => {
    const managementKey = await createManagementKey()
    const jwe = await forge(managementKey, { text })
    const error: unknown = await unwrap(jwe, { managementKey, expected: bound }).catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'UNWRAP_FAILED' })
    expect(error).not.toHaveProperty('cause')
  })
})

describe('the public key of a secret', () => {
  test.each(['Ed25519', 'P-256', 'X25519'] as const)(
    'of %s is computed as WebCrypto does',
    async (algorithm) => {
      const { jwk } = await generateSecret(algorithm)
      const { d: _secret, ...publicMembers } = jwk
      expect(await publicHalfOf({ algorithm, jwk })).toEqual(parsePublicJwk(publicMembers))
    },
  )

  test('is computed from the private key, whatever the JWK contains', async () => {
    const { jwk } = await generateSecret('Ed25519')
    const other = await generateSecret('Ed25519')
    const mixed = { algorithm: 'Ed25519', jwk: { ...jwk, x: other.jwk['x'] ?? '' } } as const
    expect(await publicHalfOf(mixed)).toMatchObject({ x: jwk['x'] })
  })

  test('of a symmetric key is null', async () => {
    expect(await publicHalfOf(await generateSecret('A256GCM'))).toBeNull()
  })
})
