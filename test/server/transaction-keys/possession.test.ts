import { randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { describe, expect, test } from 'vitest'
import { parseSigningJwk } from '../../../schema/wire/keys/jwk.ts'
import { thumbprint } from '../../../schema/wire/keys/thumbprint.ts'
import {
  signStatement,
  statementAlgorithmOf,
  type KeyPossession,
  type StatementSigner,
} from '../../../schema/wire/statements/statement.ts'
import { expectBadInput, expectRefusal, pick, useWorld } from '../../support/operations.ts'
import { call, openAccount, storeInput, type RawAccount } from '../../support/raw-client.ts'
import { signerOf } from '../../support/trust.ts'

const world = useWorld()
const field = 'input.possession'
const shop = 'https://shop.example'

const storeMutation =
  'mutation ($input: StoreTransactionKeyInput!) { storeTransactionKey(input: $input) { id possession } }'

interface OwnKey {
  readonly publicKey: JWK
  readonly signer: StatementSigner
}

/** A transaction key whose private half the client holds. */
async function createOwnKey(algorithm: 'Ed25519' | 'ES256' = 'Ed25519'): Promise<OwnKey> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true })
  const jwk = parseSigningJwk(await exportJWK(publicKey))
  return {
    publicKey: jwk,
    signer: { privateKey, kid: await thumbprint(jwk), alg: statementAlgorithmOf(jwk) },
  }
}

/** An input with a possession statement; changes are to the statement alone. */
async function provedInput(
  { name, key }: RawAccount,
  own: OwnKey,
  changes: Partial<KeyPossession> & { signer?: StatementSigner } = {},
) {
  const { signer = own.signer, ...claims } = changes
  const input = await storeInput(key, { publicKey: own.publicKey })
  const now = Math.floor(Date.now() / 1000)
  const payload = { v: 1, iss: name, aud: shop, jti: input.id, iat: now, ...claims } as const
  return { ...input, possession: await signStatement('claviger-possession+jwt', payload, signer) }
}

function store({ key }: RawAccount, input: object) {
  return call(world.url, key, { query: storeMutation, variables: { input } })
}

async function shownPossession(owner: string, publicKey: JWK | null): Promise<unknown> {
  const answer = await call(world.url, null, {
    query: 'query ($input: VerifyPublicKeyInput!) { verifyPublicKey(input: $input) { possession } }',
    variables: { input: { owner, applicationServer: shop, publicKey } },
  })
  return pick(answer.data, 'verifyPublicKey', 'possession')
}

describe('a proof of possession', () => {
  test.each(['Ed25519', 'ES256'] as const)(
    'by an %s key is stored with it and shown to verifiers',
    async (algorithm) => {
      const account = await openAccount(world.url)
      const own = await createOwnKey(algorithm)
      const input = await provedInput(account, own)
      const answer = await store(account, input)
      expect(answer.errors).toEqual([])
      expect(pick(answer.data, 'storeTransactionKey', 'possession')).toBe(input.possession)
      expect(await shownPossession(account.name, own.publicKey)).toBe(input.possession)
      // Nobody else's verification shows it.
      expect(await shownPossession('somebody', own.publicKey)).toBeNull()
    },
  )

  test('stays when the term of the key changes', async () => {
    const account = await openAccount(world.url)
    const own = await createOwnKey()
    const input = await provedInput(account, own)
    await store(account, input)
    const updated = await call(world.url, account.key, {
      query:
        'mutation ($input: UpdateTransactionKeyInput!) { updateTransactionKey(input: $input) { possession } }',
      variables: { input: { id: input.id, maxUses: 3, expiresAt: '2126-01-01T00:00:00Z' } },
    })
    expect(pick(updated.data, 'updateTransactionKey', 'possession')).toBe(input.possession)
  })

  test('belongs to the content: repeated it returns the stored key, left out it is a conflict', async () => {
    const account = await openAccount(world.url)
    const input = await provedInput(account, await createOwnKey())
    const first = await store(account, input)
    expect((await store(account, input)).data).toEqual(first.data)
    expectRefusal(await store(account, { ...input, possession: null }), { code: 'CONFLICT' })
  })

  test('is added to a key that was stored without it, with the same checks, and removed by null', async () => {
    const account = await openAccount(world.url)
    const own = await createOwnKey()
    const { possession, ...input } = await provedInput(account, own)
    await store(account, input)
    const update = (changes: object) =>
      call(world.url, account.key, {
        query:
          'mutation ($input: UpdateTransactionKeyInput!) { updateTransactionKey(input: $input) { possession } }',
        variables: { input: { id: input.id, ...changes } },
      })
    const ofAnother = await provedInput(account, await createOwnKey())
    expectBadInput(await update({ possession: ofAnother.possession }), field)
    expect(await shownPossession(account.name, own.publicKey)).toBeNull()
    expect(pick((await update({ possession })).data, 'updateTransactionKey', 'possession')).toBe(possession)
    await update({ label: 'renamed' })
    expect(await shownPossession(account.name, own.publicKey)).toBe(possession)
    // The content of the first request stays what it was.
    expect((await store(account, input)).errors).toEqual([])
    await update({ possession: null })
    expect(await shownPossession(account.name, own.publicKey)).toBeNull()
  })

  test('is optional', async () => {
    const account = await openAccount(world.url)
    const input = await storeInput(account.key)
    const answer = await store(account, input)
    expect(pick(answer.data, 'storeTransactionKey', 'possession')).toBeNull()
    expect(await shownPossession(account.name, input.publicKey)).toBeNull()
  })
})

describe('a proof of possession is refused', () => {
  test.each([
    ['iss', { iss: 'somebody' }],
    ['aud', { aud: 'https://evil.example' }],
    ['jti', { jti: randomUUID() }],
    ['iat', { iat: Math.ceil(Date.now() / 1000) + 90 }],
  ])('when it says something else than the input: %s', async (_claim, changes) => {
    const account = await openAccount(world.url)
    const input = await provedInput(account, await createOwnKey(), changes)
    expectBadInput(await store(account, input), field)
  })

  test('when another key has signed it: who stores a public key of others cannot prove it', async () => {
    const account = await openAccount(world.url)
    const theirs = await createOwnKey()
    const mine = await createOwnKey()
    const byMine = await provedInput(account, theirs, { signer: mine.signer })
    expectBadInput(await store(account, byMine), field)
    const byManagementKey = await provedInput(account, theirs, { signer: signerOf(account.key) })
    expectBadInput(await store(account, byManagementKey), field)
    // Nor with the statement that the holder made in their own name.
    const holder = await openAccount(world.url)
    const { possession } = await provedInput(holder, theirs)
    const copied = { ...(await storeInput(account.key, { publicKey: theirs.publicKey })), possession }
    expectBadInput(await store(account, copied), field)
  })

  test('of a key that cannot sign, and without a public key', async () => {
    const account = await openAccount(world.url)
    const { publicKey: x25519 } = await generateKeyPair('ECDH-ES', { crv: 'X25519', extractable: true })
    const own = await createOwnKey()
    for (const publicKey of [await exportJWK(x25519), null]) {
      const input = { ...(await provedInput(account, own)), publicKey }
      expectBadInput(await store(account, input), field)
    }
  })

  test('in the form of another statement', async () => {
    const account = await openAccount(world.url)
    const own = await createOwnKey()
    const input = await provedInput(account, own)
    const payload = {
      v: 1,
      iss: account.name,
      aud: shop,
      jti: input.id,
      iat: 1,
      jkt: own.signer.kid,
    } as const
    const revocation = { ...payload, reason: 'UNSPECIFIED' } as const
    const possession = await signStatement('claviger-revocation+jwt', revocation, own.signer)
    expectBadInput(await store(account, { ...input, possession }), field)
  })
})
