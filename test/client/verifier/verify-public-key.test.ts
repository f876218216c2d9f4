import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createVerifier } from '../../../client/verifier/create-verifier.ts'
import { verifyPublicKey, verifyPublicKeys } from '../../../client/verifier/verify-public-key.ts'
import { call, openAccount, storeKey } from '../../support/raw-client.ts'
import { startWorld, type TestServer } from '../../support/server.ts'
import { owner, shop } from '../../support/verifier.ts'

describe('with a real key server', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startWorld()
  })
  afterAll(() => server.stop())

  test('a key is valid, then revoked once it is removed from the cache', async () => {
    const account = await openAccount(server.url)
    const { id, publicKey } = await storeKey(server.url, account.key)
    const verifier = createVerifier({ url: server.url, applicationServer: shop })
    const ask = () => verifier.verify({ owner: account.name, publicKey })
    expect(await ask()).toMatchObject({ valid: true, status: 'valid', source: 'key-server' })
    await call(server.url, account.key, {
      query: 'mutation ($id: ID!) { revokeTransactionKey(id: $id) { state } }',
      variables: { id },
    })
    expect(await ask()).toMatchObject({ status: 'valid', source: 'cache' })
    verifier.invalidate({ owner: account.name })
    expect(await ask()).toMatchObject({ valid: false, status: 'revoked', source: 'key-server' })
  })

  test('a key is verified in PEM and in DER as it is as a JWK, by the SDK as well', async () => {
    const account = await openAccount(server.url)
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
    await storeKey(server.url, account.key, { publicKey: { kty, crv, x, y } })
    const query = { url: server.url, owner: account.name, applicationServer: shop }
    for (const form of [
      { kty, crv, x, y },
      publicKey.export({ type: 'spki', format: 'pem' }),
      Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' })),
    ]) {
      expect(await verifyPublicKey({ ...query, publicKey: form })).toMatchObject({ valid: true })
    }
    const secret = privateKey.export({ type: 'sec1', format: 'pem' })
    await expect(verifyPublicKey({ ...query, publicKey: secret })).rejects.toMatchObject({
      code: 'PUBLIC_KEY_INVALID',
    })
  })

  test('100 queries are answered, however large their keys are', async () => {
    const publicKeys = Array.from({ length: 100 }, (_, index) => ({
      kty: 'AKP',
      alg: 'ML-DSA-87',
      pub: Buffer.alloc(2592, index).toString('base64url'),
    }))
    const queries = publicKeys.map((publicKey) => ({ owner, applicationServer: shop, publicKey }))
    const results = await verifyPublicKeys(queries, { url: server.url })
    expect(results.map(({ status }) => status)).toEqual(publicKeys.map(() => 'unknown-key'))
  })

  test('keys of several owners are told apart in one request', async () => {
    const [one, two] = [await openAccount(server.url), await openAccount(server.url)]
    const { publicKey } = await storeKey(server.url, one.key)
    const verifier = createVerifier({ url: server.url, applicationServer: shop })
    const results = await Promise.all(
      [one.name, two.name, 'nobody'].map((name) => verifier.verify({ owner: name, publicKey })),
    )
    expect(results.map(({ status }) => status)).toEqual(['valid', 'unknown-key', 'unknown-key'])
  })
})
