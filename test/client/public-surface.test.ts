import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import * as sdk from 'claviger'
import * as node from 'claviger/node'
import * as verifier from 'claviger/verifier'
import type { KeyServerOptions } from '@claviger/server'
import { extractApi } from '../tooling/extract-api.ts'
import { startWorld, type TestServer } from '../support/server.ts'

const nowhere = 'http://127.0.0.1:1'
const question = { owner: 'alice', applicationServer: 'https://shop.example' }
const publicKey = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
const refuse: sdk.Fetch = () => Promise.reject(new TypeError('There is no network.'))

describe('an error that is thrown on purpose', () => {
  test('is a ClavigerError with a code, the same class from every entry', () => {
    const errors = [
      new sdk.KeyServerError('NOT_FOUND', 'There is no such key.'),
      new sdk.VaultError('KEYSTORE_EMPTY', { cause: 'why' }),
      new sdk.VerifierError('NETWORK', 'It is away.', { cause: 'why' }),
    ]
    for (const error of errors) {
      expect(error).toBeInstanceOf(sdk.ClavigerError)
      expect(error.code).toMatch(/^[A-Z_]+$/)
    }
    expect([errors[1]?.cause, errors[2]?.cause]).toEqual(['why', 'why'])
    const { ClavigerError, KeyServerError, VaultError, VerifierError } = sdk
    expect(verifier).toMatchObject({ ClavigerError, KeyServerError, VerifierError })
    expect(node).toMatchObject({ ClavigerError, VaultError })
    expect(verifier).not.toHaveProperty('VaultError')
  })

  test.each([
    [
      'a private key in place of a public one',
      'PUBLIC_KEY_INVALID',
      { publicKey: { ...publicKey, d: publicKey.x } },
    ],
    ['a key server out of reach', 'NETWORK', { publicKey }],
    ['an URL that is none', 'URL_INVALID', { publicKey, url: 'keys' }],
  ])('is a VerifierError where a key is verified: %s', async (_what, code, wrong) => {
    const asked = verifier.verifyPublicKey({ url: nowhere, fetch: refuse, ...question, ...wrong })
    await expect(asked).rejects.toMatchObject({ name: 'VerifierError', code })
  })

  test.each([
    ['no JWK', {}],
    ['a public key', publicKey],
    ['a private half of another length', { ...publicKey, d: 'AAAA' }],
    ['a key of another curve', { ...publicKey, crv: 'X25519', d: publicKey.x }],
  ])('is a VerifierError for a signing key that is %s', async (_what, signingKey) => {
    const registration = { url: nowhere, applicationServer: 'https://shop.example', signingKey }
    for (const attempt of [verifier.applicationServerKeyId, verifier.registerApplicationServer]) {
      await expect(attempt(registration)).rejects.toMatchObject({
        name: 'VerifierError',
        code: 'SIGNING_KEY_INVALID',
      })
    }
  })
})

describe('a vault given arguments that cannot be', () => {
  let server: TestServer
  let vault: sdk.Vault

  beforeAll(async () => {
    server = await startWorld()
    vault = await sdk.createVault({ url: server.url, owner: 'alice', keystore: sdk.memoryKeystore() })
  })
  afterAll(() => server.stop())

  test.each([
    ['a fraction of a use', { maxUses: 1.5 }],
    ['no use', { maxUses: 0 }],
    ['a term that is no date', { expiresAt: new Date(Number.NaN) }],
    ['a term after the year 9999', { expiresAt: new Date(8.64e15) }],
  ])('rejects with a public error, and stores nothing: %s', async (_what, options) => {
    const stored = vault.createKey('https://shop.example', options)
    await expect(stored).rejects.toBeInstanceOf(sdk.ClavigerError)
    await expect(stored).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
    expect(await vault.keys().toArray()).toEqual([])
  })
})

test('a verifier shows its interface, and nothing that tests or followKeyChanges need', async () => {
  const own = verifier.createVerifier({ url: nowhere, applicationServer: 'https://shop.example' })
  expect(Object.keys(own).sort()).toEqual([
    'applicationServer',
    'authenticate',
    'bodyBytesMax',
    'bodyTimeoutMs',
    'clear',
    'forgetKey',
    'invalidate',
    'url',
    'verify',
  ])
  expect(verifier.createVerifier).toHaveLength(1)
  const keys = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])
  if (!('privateKey' in keys)) throw new TypeError('Ed25519 has key pairs.')
  await expect(verifier.followKeyChanges({ ...own }, { signingKey: keys })).rejects.toThrow(TypeError)
})

test('types say what the pages say (checked by the compiler)', () => {
  expectTypeOf<sdk.VaultError>().toExtend<sdk.ClavigerError>()
  expectTypeOf<sdk.KeyServerError['code']>().toEqualTypeOf<sdk.ErrorCode>()
  expectTypeOf<verifier.VerifierError['code']>().toEqualTypeOf<verifier.VerifierErrorCode>()
  expectTypeOf<sdk.VaultErrorCode>().extract<'NO_ACTIVE_KEY'>().toBeString()
  expectTypeOf(sdk.createVault).returns.resolves.toEqualTypeOf<sdk.Vault>()
  expectTypeOf(sdk.openVault).parameter(0).toEqualTypeOf<sdk.OpenVaultOptions>()
  expectTypeOf(node.fileKeystore).returns.toExtend<sdk.Keystore>()
  expectTypeOf<sdk.Vault['acquire']>().returns.resolves.toEqualTypeOf<sdk.AcquiredKey>()
  expectTypeOf<sdk.AcquiredKey['cryptoKey']>().toEqualTypeOf<CryptoKey>()
  expectTypeOf<CryptoKeyPair>().toExtend<sdk.ManagementKeyRecord['signing']>()
  expectTypeOf<JsonWebKey>().toExtend<verifier.ApplicationServerIdentity['signingKey']>()
  expectTypeOf<Extract<sdk.Alert, { kind: 'KEY_OVERUSED' }>>().toEqualTypeOf<sdk.KeyOverusedAlert>()
  expectTypeOf(verifier.createVerifier).parameters.toEqualTypeOf<[verifier.VerifierOptions]>()
  expectTypeOf<verifier.Verifier>().not.toHaveProperty('freshness')
  // @ts-expect-error: a code that there is not
  expectTypeOf<'NO_SUCH_CODE'>().toExtend<sdk.VaultErrorCode>()
  expectTypeOf<Record<never, never>>().toExtend<KeyServerOptions>()
})

test('a public signature with a type that cannot be imported is found (negative control)', () => {
  const entry = { name: 'control', folder: 'client', file: 'control' } as const
  const declarations = 'test/tooling/unexported'
  expect(extractApi([{ ...entry, declarations }], 'check').join()).toContain('"Hidden" needs to be exported')
}, 60_000)
