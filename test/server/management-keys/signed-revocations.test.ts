import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { signStatement, type KeyRevocation } from '../../../schema/wire/statements/statement.ts'
import { expectBadInput, expectRefusal, pick, useWorld } from '../../support/operations.ts'
import {
  call,
  createRawKey,
  openAccount,
  storeInput,
  type RawAccount,
  type RawKey,
} from '../../support/raw-client.ts'
import { addKey, certificateOf, signerOf } from '../../support/trust.ts'

/* The owner's statement of a revocation, where the key server takes it and wherever it is shown. */

const world = useWorld()
const field = 'revocation'
const fields = '{ id state revokedAt revocationReason revocation }'
const revokeMutation = `mutation ($id: ID!, $reason: RevocationReason, $revocation: JWS) {
  revokeTransactionKey(id: $id, reason: $reason, revocation: $revocation) ${fields} }`
const destroyMutation = `mutation ($id: ID!, $revocation: JWS) {
  destroyTransactionKey(id: $id, revocation: $revocation) ${fields} }`
const revokeDeviceMutation = `mutation ($id: ID!, $revocation: JWS) {
  revokeManagementKey(id: $id, revocation: $revocation) { id revokedAt revocation } }`

const now = () => Math.floor(Date.now() / 1000)

const send = (key: RawKey, query: string, variables: object) =>
  call(world.url, key, { query, variables: { ...variables } })

async function storeKey(account: RawAccount) {
  const input = await storeInput(account.key, {})
  const certificate = await signStatement(
    'claviger-key+jwt',
    certificateOf(account.name, input),
    signerOf(account.key),
  )
  const answer = await send(
    account.key,
    'mutation ($input: StoreTransactionKeyInput!) { storeTransactionKey(input: $input) { id thumbprint } }',
    { input: { ...input, certificate } },
  )
  expect(answer.errors).toEqual([])
  const claims: KeyRevocation = {
    v: 1,
    iss: account.name,
    aud: 'https://shop.example',
    jti: input.id,
    jkt: String(pick(answer.data, 'storeTransactionKey', 'thumbprint')),
    iat: now(),
    reason: 'COMPROMISED',
  }
  return { id: input.id, input, claims }
}

const sign = (key: RawKey, claims: KeyRevocation) =>
  signStatement('claviger-revocation+jwt', claims, signerOf(key))

const signOfDevice = (by: RawKey, claims: { iss: string; sub: string; iat?: number }) =>
  signStatement('claviger-revocation+jwt', { v: 1, iat: now(), ...claims }, signerOf(by))

describe('the signed revocation of a transaction key', () => {
  test('is stored with it, and shown to the owner and to verifiers, with the certification path of its signer', async () => {
    const account = await openAccount(world.url)
    const second = await addKey(world.url, account)
    const { id, input, claims } = await storeKey(account)
    const revocation = await sign(second, claims)
    const answer = await send(account.key, revokeMutation, { id, reason: 'COMPROMISED', revocation })
    expect(answer.errors).toEqual([])
    expect(answer.data?.['revokeTransactionKey']).toMatchObject({ state: 'REVOKED', revocation })
    const read = await send(account.key, `query ($id: ID!) { transactionKey(id: $id) ${fields} }`, { id })
    expect(pick(read.data, 'transactionKey', 'revocation')).toBe(revocation)
    const { publicKey } = input
    const verified = await call(world.url, null, {
      query: `query ($input: VerifyPublicKeyInput!) { verifyPublicKey(input: $input) { state revocation endorsements } }`,
      variables: { input: { owner: account.name, applicationServer: claims.aud, publicKey } },
    })
    expect(verified.data?.['verifyPublicKey']).toMatchObject({ state: 'REVOKED', revocation })
    const shown = await send(account.key, '{ account { managementKeys { id endorsement } } }', {})
    const keys: { id: string; endorsement: string | null }[] = shown.data?.['account'].managementKeys
    const endorsement = keys.find((key) => key.id === second.id)?.endorsement
    expect(pick(verified.data, 'verifyPublicKey', 'endorsements')).toContain(endorsement)
  })

  test('is null where none was sent, and can be added to a revocation, once, and for its reason', async () => {
    const account = await openAccount(world.url)
    const { id, claims } = await storeKey(account)
    const bare = await send(account.key, revokeMutation, { id, reason: 'COMPROMISED' })
    expect(pick(bare.data, 'revokeTransactionKey', 'revocation')).toBeNull()
    const other = await sign(account.key, { ...claims, reason: 'CESSATION' })
    expectBadInput(
      await send(account.key, revokeMutation, { id, reason: 'CESSATION', revocation: other }),
      field,
    )
    const revocation = await sign(account.key, claims)
    const added = await send(account.key, revokeMutation, { id, reason: 'COMPROMISED', revocation })
    expect(added.data?.['revokeTransactionKey']).toEqual({
      ...pickObject(bare.data, 'revokeTransactionKey'),
      revocation,
    })
    const younger = await sign(account.key, { ...claims, iat: claims.iat + 1 })
    const again = await send(account.key, revokeMutation, { id, reason: 'COMPROMISED', revocation: younger })
    expect(pick(again.data, 'revokeTransactionKey', 'revocation')).toBe(revocation)
  })

  test('comes with a destruction as well', async () => {
    const account = await openAccount(world.url)
    const { id, claims } = await storeKey(account)
    const revocation = await sign(account.key, { ...claims, reason: 'UNSPECIFIED' })
    const answer = await send(account.key, destroyMutation, { id, revocation })
    expect(answer.data?.['destroyTransactionKey']).toMatchObject({
      state: 'REVOKED',
      revocationReason: 'UNSPECIFIED',
      revocation,
    })
  })

  test.each<[string, Partial<KeyRevocation>]>([
    ['iss', { iss: 'somebody' }],
    ['aud', { aud: 'https://evil.example' }],
    ['jti', { jti: randomUUID() }],
    ['jkt', { jkt: 'A'.repeat(43) }],
    ['reason', { reason: 'CESSATION' }],
    ['iat, which lies ahead,', { iat: now() + 600 }],
  ])('whose %s is not the fact is refused, and nothing is revoked', async (_claim, change) => {
    const account = await openAccount(world.url)
    const { id, claims } = await storeKey(account)
    const revocation = await sign(account.key, { ...claims, ...change })
    expectBadInput(await send(account.key, revokeMutation, { id, reason: 'COMPROMISED', revocation }), field)
    const read = await send(account.key, `query ($id: ID!) { transactionKey(id: $id) ${fields} }`, { id })
    expect(read.data?.['transactionKey']).toMatchObject({ state: 'ACTIVE', revocation: null })
  })

  test("by an unregistered key, another account's or a revoked key, of another kind, or malformed is refused", async () => {
    const [account, otherAccount] = [await openAccount(world.url), await openAccount(world.url)]
    const revoked = await addKey(world.url, account)
    await send(account.key, revokeDeviceMutation, { id: revoked.id })
    const { id, claims } = await storeKey(account)
    for (const revocation of [
      await sign(await createRawKey(), claims),
      await sign(otherAccount.key, claims),
      await sign(revoked, claims),
      await signOfDevice(account.key, { iss: account.name, sub: revoked.id }),
      'x',
      1,
    ]) {
      expectBadInput(
        await send(account.key, revokeMutation, { id, reason: 'COMPROMISED', revocation }),
        field,
      )
    }
  })
})

describe('the signed revocation of a management key', () => {
  test('is stored with it and shown with it', async () => {
    const account = await openAccount(world.url)
    const second = await addKey(world.url, account)
    const revocation = await signOfDevice(account.key, { iss: account.name, sub: second.id })
    const answer = await send(account.key, revokeDeviceMutation, { id: second.id, revocation })
    expect(answer.data?.['revokeManagementKey']).toMatchObject({ id: second.id, revocation })
    const { data } = await send(
      account.key,
      '{ account { managementKeys(includeRevoked: true) { id revocation } } }',
      {},
    )
    expect(pick(data, 'account', 'managementKeys')).toEqual([
      { id: account.key.id, revocation: null },
      { id: second.id, revocation },
    ])
  })

  test('can be added to a revocation once', async () => {
    const account = await openAccount(world.url)
    const second = await addKey(world.url, account)
    await send(account.key, revokeDeviceMutation, { id: second.id })
    const claims = { iss: account.name, sub: second.id }
    const revocation = await signOfDevice(account.key, claims)
    const younger = await signOfDevice(account.key, { ...claims, iat: now() + 5 })
    for (const given of [revocation, younger]) {
      const answer = await send(account.key, revokeDeviceMutation, { id: second.id, revocation: given })
      expect(pick(answer.data, 'revokeManagementKey', 'revocation')).toBe(revocation)
    }
  })

  test('by itself, of another key, in another name, dated ahead or of another kind is refused', async () => {
    const account = await openAccount(world.url)
    const [second, third] = [await addKey(world.url, account), await addKey(world.url, account)]
    const { claims } = await storeKey(account)
    const right = { iss: account.name, sub: second.id }
    for (const revocation of [
      await signOfDevice(second, right),
      await signOfDevice(account.key, { ...right, sub: third.id }),
      await signOfDevice(account.key, { ...right, iss: 'somebody' }),
      await signOfDevice(account.key, { ...right, iat: now() + 600 }),
      await signOfDevice(await createRawKey(), right),
      await sign(account.key, claims),
    ]) {
      expectBadInput(await send(account.key, revokeDeviceMutation, { id: second.id, revocation }), field)
    }
    const { data } = await send(account.key, '{ account { managementKeys { id } } }', {})
    expect(pick(data, 'account', 'managementKeys')).toHaveLength(3)
  })

  test('does not revoke the last one', async () => {
    const account = await openAccount(world.url)
    expectRefusal(await send(account.key, revokeDeviceMutation, { id: account.key.id }), { code: 'CONFLICT' })
  })
})

function pickObject(data: unknown, name: string): object {
  const value: unknown = pick(data, name)
  if (typeof value !== 'object' || value === null) throw new Error('There is nothing.')
  return value
}
