import { decodeProtectedHeader, errors, type JWK } from 'jose'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { parsePublicJwk, parseSigningJwk } from '../../../schema/wire/keys/jwk.ts'
import { thumbprint } from '../../../schema/wire/keys/thumbprint.ts'
import { verifyStatement } from '../../../schema/wire/statements/statement.ts'
import { call, openAccount, storeKey, type RawAccount } from '../../support/raw-client.ts'
import { checkOffline, createPublicKey, fetchKeySet, verify } from '../../support/server-keys.ts'
import { useWorld } from '../../support/world.ts'

const server = useWorld()
let owner: RawAccount
beforeAll(async () => {
  owner = await openAccount(server.url)
})

/** The first of its public origins. */
const issuer = () => server.origins[0] ?? ''

describe('a signed answer', () => {
  test('is checked offline with nothing but the key set and a JOSE library', async () => {
    const { publicKey } = await storeKey(server.url, owner.key)
    const { answer, checkedAt } = await verify(server.url, { owner: owner.name, publicKey })
    const iat = Math.floor(Date.parse(checkedAt) / 1000)
    expect(await checkOffline(answer, { keySet: await fetchKeySet(server.url), issuer: issuer() })).toEqual({
      v: 1,
      iss: issuer(),
      sub: owner.name,
      aud: 'https://shop.example',
      jkt: await thumbprint(parsePublicJwk(publicKey)),
      coincides: true,
      valid: true,
      state: 'ACTIVE',
      iat,
      exp: iat + 300,
    })
  })

  test('is a statement of the protocol by a key of keyServer.signingKeys', async () => {
    const { answer } = await verify(server.url, { owner: 'nobody', publicKey: await createPublicKey() })
    const { data } = await call(server.url, null, { query: '{ keyServer { signingKeys } }' })
    const published: JWK[] = data?.['keyServer'].signingKeys
    expect(published).toEqual((await fetchKeySet(server.url)).keys)
    const { kid, alg, use, ...jwk } = published[0] ?? {}
    expect({ kid, alg, use }).toEqual({
      kid: await thumbprint(parseSigningJwk(jwk)),
      alg: 'EdDSA',
      use: 'sig',
    })
    expect(decodeProtectedHeader(answer)).toEqual({ alg, typ: 'claviger-answer+jwt', kid })
    const { coincides } = await verifyStatement('claviger-answer+jwt', answer, {
      signingKey: parseSigningJwk(jwk),
      nowSeconds: Date.now() / 1000,
    })
    expect(coincides).toBe(false)
  })

  test('is refused when one character of it was changed, wherever', async () => {
    const { publicKey } = await storeKey(server.url, owner.key)
    const { answer } = await verify(server.url, { owner: owner.name, publicKey })
    const keySet = await fetchKeySet(server.url)
    const check = (text: string) => checkOffline(text, { keySet, issuer: issuer() })
    await expect(check(answer)).resolves.toMatchObject({ valid: true })
    for (const part of [0, 1, 2]) {
      const parts = answer.split('.')
      const text = parts[part] ?? ''
      const at = Math.floor(text.length / 2)
      parts[part] = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`
      await expect(check(parts.join('.'))).rejects.toThrow(errors.JOSEError)
    }
  })

  test('for another application server, by another key server or of another time is refused', async () => {
    const { publicKey } = await storeKey(server.url, owner.key)
    const { answer } = await verify(server.url, { owner: owner.name, publicKey })
    const good = { keySet: await fetchKeySet(server.url), issuer: issuer() }
    await expect(checkOffline(answer, good)).resolves.toBeDefined()
    const later = new Date(Date.now() + 301_000)
    await expect(checkOffline(answer, { ...good, now: later })).rejects.toThrow(errors.JWTExpired)
    for (const other of [{ audience: 'https://bank.example' }, { issuer: 'https://elsewhere.example' }]) {
      await expect(checkOffline(answer, { ...good, ...other })).rejects.toThrow(
        errors.JWTClaimValidationFailed,
      )
    }
  })

  test('does not outlive the key that it calls valid', async () => {
    const expiresAt = new Date(Date.now() + 60_000)
    const notBefore = new Date(Date.now() - 60_000)
    const { publicKey } = await storeKey(server.url, owner.key, {
      notBefore: notBefore.toISOString(),
      expiresAt: expiresAt.toISOString(),
    })
    const { answer } = await verify(server.url, { owner: owner.name, publicKey })
    const seconds = (date: Date) => Math.floor(date.getTime() / 1000)
    const payload = await checkOffline(answer, { keySet: await fetchKeySet(server.url), issuer: issuer() })
    expect(payload).toMatchObject({
      valid: true,
      nbf_key: seconds(notBefore),
      exp_key: seconds(expiresAt),
      exp: seconds(expiresAt),
    })
  })

  test('says of a pending, an expired and a revoked key that it coincides and is not valid, and of a pending one not beyond its beginning', async () => {
    const soon = new Date(Date.now() + 90_000)
    const pending = await storeKey(server.url, owner.key, { notBefore: soon.toISOString() })
    const expired = await storeKey(server.url, owner.key, {
      expiresAt: new Date(Date.now() + 300).toISOString(),
    })
    const revoked = await storeKey(server.url, owner.key)
    await call(server.url, owner.key, {
      query: 'mutation ($id: ID!) { revokeTransactionKey(id: $id) { state } }',
      variables: { id: revoked.id },
    })
    await new Promise((resolve) => setTimeout(resolve, 400))
    const keySet = await fetchKeySet(server.url)
    const payloads = []
    for (const { publicKey } of [pending, expired, revoked]) {
      const { answer } = await verify(server.url, { owner: owner.name, publicKey })
      payloads.push(await checkOffline(answer, { keySet, issuer: issuer() }))
    }
    expect(payloads).toMatchObject(
      ['PENDING', 'EXPIRED', 'REVOKED'].map((state) => ({ coincides: true, valid: false, state })),
    )
    expect(payloads[0]?.exp).toBe(Math.floor(soon.getTime() / 1000))
    expect(payloads[1]?.exp).toBe((payloads[1]?.iat ?? 0) + 300)
  })

  test('to an unknown owner, an unknown application server and another key has one content and length', async () => {
    const { publicKey } = await storeKey(server.url, owner.key)
    const unknownOwner = `${owner.name.slice(0, -4)}0000`
    const cases = [
      { owner: unknownOwner, applicationServer: 'https://shop.example', publicKey },
      { owner: owner.name, applicationServer: 'https://none.example', publicKey },
      { owner: owner.name, applicationServer: 'https://shop.example', publicKey: await createPublicKey() },
    ]
    const keySet = await fetchKeySet(server.url)
    const said = []
    for (const input of cases) {
      const { answer, checkedAt: _, ...rest } = await verify(server.url, input)
      const audience = input.applicationServer
      const { sub, aud, jkt, iat, exp, ...payload } = await checkOffline(answer, {
        keySet,
        issuer: issuer(),
        audience,
      })
      expect([sub, aud, jkt]).toEqual([
        input.owner,
        audience,
        await thumbprint(parsePublicJwk(input.publicKey)),
      ])
      expect((exp ?? 0) - (iat ?? 0)).toBe(300)
      said.push({ payload, rest, length: answer.length })
    }
    expect(said[0]?.rest).toEqual({
      coincides: false,
      valid: false,
      state: null,
      notBefore: null,
      expiresAt: null,
      certificate: null,
    })
    expect(said[1]).toEqual(said[0])
    expect(said[2]).toEqual(said[0])
  })

  test('names owner and application server as they were sent, whatever they are', async () => {
    const input = {
      owner: 'Übel "quoted"\\ \u0000 \u{1f511}',
      applicationServer: 'https://ünïcode.example/\u0000\n',
      publicKey: await createPublicKey(),
    }
    const { answer } = await verify(server.url, input)
    const payload = await checkOffline(answer, {
      keySet: await fetchKeySet(server.url),
      issuer: issuer(),
      audience: input.applicationServer,
    })
    expect(payload.sub).toBe(input.owner)
  })

  test.each([
    ['owner', ''],
    ['owner', 'x'.repeat(256)],
    ['owner', '\ud800'],
    ['applicationServer', ''],
    ['applicationServer', 'x'.repeat(256)],
    ['applicationServer', '\ud800'],
  ])('is not given about %s %j, which could not stand in it', async (field, value) => {
    const input = {
      owner: 'nobody',
      applicationServer: 'https://shop.example',
      publicKey: await createPublicKey(),
      [field]: value,
    }
    const { errors: refusals, code } = await call(server.url, null, {
      query: 'query ($input: VerifyPublicKeyInput!) { verifyPublicKey(input: $input) { coincides } }',
      variables: { input },
    })
    expect(code).toBe('BAD_USER_INPUT')
    expect(refusals[0]?.extensions['field']).toBe(`input.${field}`)
  })

  test('comes for each of a batch in the order of the inputs', async () => {
    const { publicKey } = await storeKey(server.url, owner.key)
    const inputs = [publicKey, await createPublicKey(), publicKey].map((jwk) => ({
      owner: owner.name,
      applicationServer: 'https://shop.example',
      publicKey: jwk,
    }))
    const { data } = await call(server.url, null, {
      query: 'query ($inputs: [VerifyPublicKeyInput!]!) { verifyPublicKeys(inputs: $inputs) { answer } }',
      variables: { inputs },
    })
    const keySet = await fetchKeySet(server.url)
    const answers: { answer: string }[] = data?.['verifyPublicKeys']
    const payloads = await Promise.all(
      answers.map(({ answer }) => checkOffline(answer, { keySet, issuer: issuer() })),
    )
    expect(payloads.map(({ valid }) => valid)).toEqual([true, false, true])
  })
})

test('an answer is signed when it is selected, and however often it is selected once', async () => {
  const sign = vi.spyOn(crypto.subtle, 'sign')
  try {
    const input = { owner: owner.name, publicKey: await createPublicKey() }
    await verify(server.url, input, 'coincides valid state certificate checkedAt')
    expect(sign).toHaveBeenCalledTimes(0)
    const { answer, again } = { again: '', ...(await verify(server.url, input, 'answer again: answer')) }
    expect(sign).toHaveBeenCalledTimes(1)
    expect(again).toBe(answer)
  } finally {
    sign.mockRestore()
  }
})

describe('the key set', () => {
  test('may be read by any web page and kept for five minutes', async () => {
    const response = await fetch(`${server.url}/.well-known/jwks.json`)
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'cache-control': 'public, max-age=300',
      'content-type': 'application/jwk-set+json',
      'x-content-type-options': 'nosniff',
    })
    expect(await response.json()).toEqual({ keys: [expect.any(Object)] })
  })

  test('is only read', async () => {
    const address = `${server.url}/.well-known/jwks.json`
    expect((await fetch(address, { method: 'POST', body: '{}' })).status).toBe(405)
    const head = await fetch(address, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
  })

  test('has no private member', async () => {
    for (const key of (await fetchKeySet(server.url)).keys) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x'])
    }
  })
})

test('the certificate that the owner stored comes with the verification, and only for their key', async () => {
  // Whatever the server accepts on storing, here the row is what counts.
  const { publicKey, id } = await storeKey(server.url, owner.key)
  const { default: postgres } = await import('postgres')
  const sql = postgres(server.databaseUrl, { max: 1 })
  await sql`UPDATE transaction_keys SET certificate = 'head.body.sign' WHERE id = ${id}`
  await sql.end()
  const { certificate } = await verify(server.url, { owner: owner.name, publicKey })
  expect(certificate).toBe('head.body.sign')
  const other = await verify(server.url, { owner: owner.name, publicKey: await createPublicKey() })
  expect(other.certificate).toBeNull()
})
