import { randomUUID } from 'node:crypto'
import { CompactSign } from 'jose'
import { describe, expect, test } from 'vitest'
import { parsePublicJwk } from '../../../schema/wire/keys/jwk.ts'
import { signStatement } from '../../../schema/wire/statements/statement.ts'
import { expectBadInput, expectRefusal, pick, secondsAhead, useWorld } from '../../support/operations.ts'
import {
  call,
  createRawKey,
  openAccount,
  storeInput,
  wrap,
  type RawAccount,
  type RawKey,
} from '../../support/raw-client.ts'
import { addKey, certificateOf, revokeKey, signerOf } from '../../support/trust.ts'

const world = useWorld()
const field = 'input.certificate'
const storeMutation =
  'mutation ($input: StoreTransactionKeyInput!) { storeTransactionKey(input: $input) { id certificate } }'
const updateMutation =
  'mutation ($input: UpdateTransactionKeyInput!) { updateTransactionKey(input: $input) { label certificate } }'

const term = {
  notBefore: '2026-01-01T00:00:00.250Z',
  expiresAt: '2126-01-01T00:00:00.750Z',
  maxUses: 5,
  overusePolicy: 'REFUSE',
}

async function newInput({ key }: RawAccount, changes: object = term) {
  return storeInput(key, { ...changes })
}

function sign(key: RawKey, payload: object, header: object = {}): Promise<string> {
  return new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
    .setProtectedHeader({ alg: signerOf(key).alg, typ: 'claviger-key+jwt', kid: key.id, ...header })
    .sign(key.privateKey)
}

function store(key: RawKey, input: object) {
  return call(world.url, key, { query: storeMutation, variables: { input } })
}

function update(key: RawKey, input: object) {
  return call(world.url, key, { query: updateMutation, variables: { input } })
}

/** A certificate with white space in its payload, rightly signed. */
function signPadded(key: RawKey, payload: object): Promise<string> {
  return new CompactSign(new TextEncoder().encode(JSON.stringify(payload, null, 1)))
    .setProtectedHeader({ alg: signerOf(key).alg, typ: 'claviger-key+jwt', kid: key.id })
    .sign(key.privateKey)
}

/** A stored key with its certificate, whose `iat` lies some seconds back. */
async function storeCertified(changes: object = term) {
  const account = await openAccount(world.url)
  const input = await newInput(account, changes)
  const payload = { ...certificateOf(account.name, input), iat: Math.floor(Date.now() / 1000) - 100 }
  const certificate = await signStatement('claviger-key+jwt', payload, signerOf(account.key))
  const answer = await store(account.key, { ...input, certificate })
  expect(answer.errors).toEqual([])
  return { account, id: input.id, input, payload, certificate }
}

describe('a certificate is stored', () => {
  test('when every claim matches the input, and can be read and verified afterwards', async () => {
    const { account, id, certificate } = await storeCertified()
    const answer = await call(world.url, account.key, {
      query: 'query ($id: ID!) { transactionKey(id: $id) { certificate } }',
      variables: { id },
    })
    expect(pick(answer.data, 'transactionKey', 'certificate')).toBe(certificate)
  })

  test('of a P-256 signer, of a symmetric key, and without any term', async () => {
    const account = await openAccount(world.url, { key: await createRawKey('ES256') })
    const input = { ...(await newInput(account, {})), publicKey: null }
    const { cnf: _cnf, ...claims } = certificateOf(account.name, {
      ...input,
      publicKey: account.key.signingKey,
    })
    const certificate = await signStatement(
      'claviger-key+jwt',
      { ...claims, cnf: { jkt: account.key.id } },
      signerOf(account.key),
    )
    const answer = await store(account.key, { ...input, certificate })
    expect(answer.errors).toEqual([])
    expect(pick(answer.data, 'storeTransactionKey', 'certificate')).toBe(certificate)
  })

  test('by another active key of the account than the one that signs the request', async () => {
    const account = await openAccount(world.url)
    const second = await addKey(world.url, account)
    const input = await newInput(account)
    const certificate = await sign(second, certificateOf(account.name, input))
    expect((await store(account.key, { ...input, certificate })).errors).toEqual([])
  })

  test('and repeated with the same content the stored key is returned, also when its signer was revoked since', async () => {
    const account = await openAccount(world.url)
    const second = await addKey(world.url, account)
    const input = await newInput(account)
    const certificate = await sign(second, certificateOf(account.name, input))
    const first = await store(account.key, { ...input, certificate })
    await revokeKey(world.url, account.key, second.id)
    const again = await store(account.key, { ...input, certificate })
    expect(again.errors).toEqual([])
    expect(again.data).toEqual(first.data)
    expectRefusal(await store(account.key, input), { code: 'CONFLICT' })
  })
})

describe('a certificate is refused', () => {
  test.each([
    ['iss', { iss: 'somebody' }],
    ['aud', { aud: 'https://evil.example' }],
    ['jti', { jti: randomUUID() }],
    ['nbf', { nbf: 1 }],
    ['no nbf', { nbf: undefined }],
    ['exp', { exp: 5_000_000_000 }],
    ['no exp', { exp: undefined }],
    ['max_uses', { max_uses: 6 }],
    ['no max_uses', { max_uses: undefined }],
    ['overuse', { overuse: 'NOTIFY' }],
    ['no overuse', { overuse: undefined }],
    ['cnf of a symmetric key', { cnf: { jkt: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k' } }],
    ['v', { v: 2 }],
    ['no iat', { iat: undefined }],
    ['an unknown claim', { note: 'x' }],
  ])('whose %s is wrong', async (_claim, change) => {
    const account = await openAccount(world.url)
    const input = await newInput(account)
    const payload = certificateOf(account.name, input)
    const certificate = await sign(account.key, { ...payload, ...change })
    expectBadInput(await store(account.key, { ...input, certificate }), field)
    // The same with the right claim is stored: nothing else was wrong, and nothing was left behind.
    const right = await sign(account.key, payload)
    expect((await store(account.key, { ...input, certificate: right })).errors).toEqual([])
  })

  test('that is dated more than 30 seconds ahead, when it is stored and when it replaces another', async () => {
    const { account, id, payload } = await storeCertified({})
    const input = await newInput(account, {})
    const at = (iat: number, of: object) => sign(account.key, { ...of, iat })
    const now = () => Math.floor(Date.now() / 1000)
    const claims = certificateOf(account.name, input)
    expectBadInput(await store(account.key, { ...input, certificate: await at(now() + 40, claims) }), field)
    expectBadInput(await update(account.key, { id, certificate: await at(now() + 40, payload) }), field)
    const stored = await store(account.key, { ...input, certificate: await at(now() + 20, claims) })
    expect(stored.errors).toEqual([])
    expect((await update(account.key, { id, certificate: await at(now() + 20, payload) })).errors).toEqual([])
  })

  test('that names another public key', async () => {
    const account = await openAccount(world.url)
    const [input, other] = [await newInput(account), await newInput(account)]
    const payload = { ...certificateOf(account.name, input), cnf: { jwk: parsePublicJwk(other.publicKey) } }
    expectBadInput(
      await store(account.key, { ...input, certificate: await sign(account.key, payload) }),
      field,
    )
  })

  test('that is signed by an unregistered, a foreign or a revoked key, or in the name of another', async () => {
    const [account, otherAccount] = [await openAccount(world.url), await openAccount(world.url)]
    const revoked = await addKey(world.url, account)
    await revokeKey(world.url, account.key, revoked.id)
    const input = await newInput(account)
    const payload = certificateOf(account.name, input)
    for (const key of [await createRawKey(), otherAccount.key, revoked]) {
      for (const kid of [key.id, account.key.id]) {
        const certificate = await sign(key, payload, { kid })
        expectBadInput(await store(account.key, { ...input, certificate }), field)
      }
    }
  })

  test('of another type, with another algorithm, with a further header, in another spelling', async () => {
    const account = await openAccount(world.url)
    const input = await newInput(account)
    const payload = certificateOf(account.name, input)
    const right = await sign(account.key, payload)
    const [header = '', body = '', signature = ''] = right.split('.')
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    for (const certificate of [
      await sign(account.key, payload, { typ: 'claviger-endorsement+jwt' }),
      await sign(account.key, payload, { typ: 'JWT' }),
      await sign(account.key, payload, { alg: 'Ed25519' }),
      await sign(account.key, payload, { jwk: account.key.signingKey }),
      [encode({ alg: 'none', typ: 'claviger-key+jwt', kid: account.key.id }), body, ''].join('.'),
      [encode({ alg: 'ES256', typ: 'claviger-key+jwt', kid: account.key.id }), body, signature].join('.'),
      [header, body, Buffer.alloc(64).toString('base64url')].join('.'),
      `${right}=`,
      `${right}.`,
      'x'.repeat(20_000),
      '',
      1,
      { right },
    ]) {
      expectBadInput(await store(account.key, { ...input, certificate }), field)
    }
  })
})

describe('updateTransactionKey', () => {
  test('leaves a certificate that is still true: a new label, the same term', async () => {
    const { account, id, certificate } = await storeCertified()
    const answer = await update(account.key, {
      id,
      label: 'new',
      expiresAt: '2126-01-01T00:00:00.900Z',
      maxUses: 5,
    })
    expect(answer.data?.['updateTransactionKey']).toEqual({ label: 'new', certificate })
  })

  test.each([
    ['expiresAt', { expiresAt: '2127-01-01T00:00:00.000Z' }],
    ['no expiresAt', { expiresAt: null }],
    ['maxUses', { maxUses: 6 }],
    ['overusePolicy', { overusePolicy: 'NOTIFY' }],
  ])('that changes what the certificate states (%s) needs a new one, or none', async (_what, change) => {
    const { account, id, certificate, input } = await storeCertified()
    expectBadInput(await update(account.key, { id, label: 'x', ...change }), field)
    // All or none.
    const unchanged = await update(account.key, { id })
    expect(unchanged.data?.['updateTransactionKey']).toEqual({ label: null, certificate })
    const renewed = await sign(account.key, certificateOf(account.name, { ...input, ...change }))
    const answer = await update(account.key, { id, ...change, certificate: renewed })
    expect(answer.data?.['updateTransactionKey']).toEqual({ label: null, certificate: renewed })
    const removed = await update(account.key, { id, ...change, certificate: null })
    expect(removed.data?.['updateTransactionKey']).toEqual({ label: null, certificate: null })
  })

  test('refuses a certificate of the former term, an older one, and one by a foreign key', async () => {
    const { account, id, payload, input, certificate } = await storeCertified()
    const expiresAt = secondsAhead(1000).toISOString()
    expectBadInput(await update(account.key, { id, expiresAt, certificate }), field)
    const renewed = certificateOf(account.name, { ...input, expiresAt })
    const older = await sign(account.key, { ...renewed, iat: payload.iat - 1 })
    expectBadInput(await update(account.key, { id, expiresAt, certificate: older }), field)
    const { key: foreign } = await openAccount(world.url)
    expectBadInput(
      await update(account.key, { id, expiresAt, certificate: await sign(foreign, renewed) }),
      field,
    )
    const asOld = await sign(account.key, { ...renewed, iat: payload.iat })
    expect((await update(account.key, { id, expiresAt, certificate: asOld })).errors).toEqual([])
  })

  test('gives a key its first certificate', async () => {
    const account = await openAccount(world.url)
    const input = await storeInput(account.key, {
      wrappedKeys: [{ managementKeyId: account.key.id, jwe: await wrap(account.key) }],
    })
    await store(account.key, input)
    const certificate = await sign(account.key, certificateOf(account.name, input))
    const answer = await update(account.key, { id: input.id, certificate })
    expect(answer.data?.['updateTransactionKey']).toEqual({ label: null, certificate })
  })
})

describe('a certificate in another serialisation than the canonical one', () => {
  test('is refused, whoever signed it', async () => {
    const account = await openAccount(world.url)
    const input = await newInput(account)
    const certificate = await signPadded(account.key, certificateOf(account.name, input))
    expectBadInput(await store(account.key, { ...input, certificate }), field)
    const plain = await sign(account.key, certificateOf(account.name, input))
    expect((await store(account.key, { ...input, certificate: plain })).errors).toEqual([])
  })

  test('that was stored before that was so gives way to a new one or to none, and to no older one', async () => {
    const { account, id, payload } = await storeCertified()
    const stored = await signPadded(account.key, payload)
    await world.sql`UPDATE transaction_keys SET certificate = ${stored} WHERE id = ${id}`
    expectBadInput(await update(account.key, { id, maxUses: 9 }), field)
    const older = await sign(account.key, { ...payload, max_uses: 9, iat: payload.iat - 1 })
    expectBadInput(await update(account.key, { id, maxUses: 9, certificate: older }), field)
    const newer = await sign(account.key, { ...payload, max_uses: 9 })
    expect((await update(account.key, { id, maxUses: 9, certificate: newer })).errors).toEqual([])
  })
})
