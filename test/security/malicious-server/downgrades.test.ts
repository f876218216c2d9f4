import { CompactEncrypt, CompactSign, type CompactJWEHeaderParameters } from 'jose'
import { describe, expect, test } from 'vitest'
import { importWrappingKey } from '../../../client/crypto/wrap.ts'
import { publicManagementKey } from '../../../client/crypto/management-key.ts'
import { statementSigner } from '../../../client/trust/endorse.ts'
import { encodeBase64url } from '../../../schema/wire/base64url.ts'
import { aboutKeys } from './forgeries.ts'
import { createVictim, restarted, sessionOf, shop, useMaliciousServer, type Victim } from './victim.ts'

const { server } = useMaliciousServer()
const noCopy = { name: 'VaultError', code: 'UNWRAP_FAILED' }
const noCertificate = { name: 'VaultError', code: 'CERTIFICATE_INVALID' }
const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

/** Serves this JWE instead of the real one. */
function handOut(jwe: string): void {
  server().tamper(({ operation, data }) => {
    if (operation === 'WrappedKey') data['wrappedKey'].jwe = jwe
    return data
  })
}

async function prepare() {
  const victim = await createVictim(server())
  const { id } = await victim.vault.createKey(shop)
  await victim.vault.acquire({ id })
  const answer = server().exchanges.findLast(({ operation }) => operation === 'WrappedKey')?.data
  return { victim, id, jwe: String(answer?.['wrappedKey'].jwe) }
}

async function encryptFor(
  { keystore }: Victim,
  header: Partial<CompactJWEHeaderParameters>,
  key?: Uint8Array,
): Promise<string> {
  const { managementKey } = await sessionOf({ keystore })
  const { wrappingKey } = await publicManagementKey(managementKey)
  const complete = { alg: 'ECDH-ES+A256KW', enc: 'A256GCM', kid: managementKey.id, cty: 'jwk+json' }
  return new CompactEncrypt(text({ kty: 'oct', k: 'A'.repeat(43) }))
    .setProtectedHeader({ ...complete, ...header })
    .encrypt(key ?? (await importWrappingKey(wrappingKey)))
}

describe('a wrapped key', () => {
  test.each([
    { alg: 'dir', key: 32 },
    { alg: 'A128KW', key: 16 },
    { alg: 'A256GCMKW', key: 32 },
    { alg: 'PBES2-HS256+A128KW', key: 16 },
  ])('under a key that the key server chose is not opened: $alg', async ({ alg, key }) => {
    const { victim, id } = await prepare()
    handOut(await encryptFor(victim, { alg }, new Uint8Array(key)))
    await expect(victim.vault.acquire({ id })).rejects.toMatchObject(noCopy)
  })

  test.each([{ alg: 'ECDH-ES' }, { alg: 'ECDH-ES+A128KW' }, { enc: 'A128GCM' }, { enc: 'A128CBC-HS256' }])(
    'under a weaker algorithm is not opened: %o',
    async (header) => {
      const { victim, id } = await prepare()
      handOut(await encryptFor(victim, header))
      await expect(victim.vault.acquire({ id })).rejects.toMatchObject(noCopy)
    },
  )

  test.each([
    { what: 'unpacks to something large', header: { zip: 'DEF' } },
    {
      what: 'costs a billion rounds of hashing',
      header: { alg: 'PBES2-HS256+A128KW', p2c: 1e9, p2s: 'AAAA' },
    },
    { what: 'asks for an extension', header: { crit: ['exp'], exp: 1 } },
    { what: 'has no algorithm', header: { alg: 'none' } },
    { what: 'names an algorithm of tomorrow', header: { alg: 'HPKE-9' } },
  ])('that $what is not opened, and at once', async ({ header }) => {
    const { victim, id, jwe } = await prepare()
    const [protectedHeader = '', ...parts] = jwe.split('.')
    const honest = JSON.parse(Buffer.from(protectedHeader, 'base64url').toString())
    handOut([encodeBase64url(text({ ...honest, ...header })), ...parts].join('.'))
    const started = performance.now()
    await expect(victim.vault.acquire({ id })).rejects.toMatchObject(noCopy)
    expect(performance.now() - started).toBeLessThan(2000)
  })

  test('that is compressed is not opened, though rightly encrypted', async () => {
    const { victim, id } = await prepare()
    handOut(await encryptFor(victim, { zip: 'DEF' }))
    await expect(victim.vault.acquire({ id })).rejects.toMatchObject(noCopy)
    // Negative control: the same, not compressed, is opened, and only then found to be another key than the requested one.
    handOut(await encryptFor(victim, {}))
    await expect(victim.vault.acquire({ id })).rejects.toMatchObject({ code: 'KEY_MISMATCH' })
  })

  test.each(['', 'a.b.c.d.e', '....', 'A'.repeat(20_000)])('that is none is not opened: %#', async (jwe) => {
    const { victim, id } = await prepare()
    handOut(jwe)
    await expect(victim.vault.acquire({ id })).rejects.toMatchObject(noCopy)
  })

  test('for another management key is not opened', async () => {
    const { victim, id } = await prepare()
    handOut(await encryptFor(victim, { kid: 'A'.repeat(43) }))
    await expect(victim.vault.acquire({ id })).rejects.toMatchObject({ code: 'KEY_MISMATCH' })
  })
})

/** The victim's own certificate, with header or claims changed, signed by the victim. */
const certificates = [
  { what: 'of a version of tomorrow', claims: { v: 2 } },
  { what: 'with a claim that nobody knows', claims: { admin: true } },
  { what: 'for another owner', claims: { iss: 'somebody-else' } },
  { what: 'with a time in milliseconds', claims: { iat: Date.now() } },
  { what: 'of another type', header: { typ: 'claviger-endorsement+jwt' } },
  { what: 'of no type', header: { typ: undefined } },
  { what: 'with a key of its own in the header', header: { jwk: { kty: 'oct', k: 'AAAA' } } },
]

describe('a certificate', () => {
  test.each(certificates)('$what is refused, though rightly signed', async ({ header, claims }) => {
    const victim = await createVictim(server())
    const { id, certificate } = await victim.vault.createKey(shop)
    const { managementKey } = await sessionOf(victim)
    const { privateKey, kid, alg } = statementSigner(managementKey)
    const payload = JSON.parse(Buffer.from(certificate?.split('.')[1] ?? '', 'base64url').toString())
    const sign = (changes: object, others: object) =>
      new CompactSign(text({ ...payload, ...changes }))
        .setProtectedHeader({ alg, typ: 'claviger-key+jwt', kid, ...others })
        .sign(privateKey)
    const forgetful = await restarted(victim, { hasMemory: false })
    const serve = (served: string) => {
      server().tamper(aboutKeys((key) => Object.assign(key, { certificate: served })))
    }
    // Negative control: the same claims, signed anew without a change, are accepted.
    serve(await sign({}, {}))
    expect((await forgetful.acquire({ id })).id).toBe(id)
    serve(await sign(claims ?? {}, header ?? {}))
    await expect(forgetful.acquire({ id })).rejects.toMatchObject(noCertificate)
  })

  test.each([{ alg: 'none' }, { alg: 'HS256' }, { alg: 'ES256' }, { alg: 'RS256' }])(
    'whose header says another algorithm is refused: %o',
    async (header) => {
      const victim = await createVictim(server())
      const { id, certificate } = await victim.vault.createKey(shop)
      const [protectedHeader = '', ...parts] = (certificate ?? '').split('.')
      const honest = JSON.parse(Buffer.from(protectedHeader, 'base64url').toString())
      const served = [encodeBase64url(text({ ...honest, ...header })), ...parts].join('.')
      server().tamper(aboutKeys((key) => Object.assign(key, { certificate: served })))
      await expect(victim.vault.acquire({ id })).rejects.toMatchObject(noCertificate)
    },
  )

  test.each(['', 'a.b.c', '..', 'A'.repeat(20_000)])('that is none is refused: %#', async (certificate) => {
    const victim = await createVictim(server())
    const { id } = await victim.vault.createKey(shop)
    server().tamper(aboutKeys((key) => Object.assign(key, { certificate })))
    await expect(victim.vault.acquire({ id })).rejects.toMatchObject(noCertificate)
  })
})
