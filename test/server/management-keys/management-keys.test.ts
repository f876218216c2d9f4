import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { signStatement } from '../../../schema/wire/statements/statement.ts'
import {
  expectBadInput,
  expectRefusal,
  expectSignedOnly,
  expectUnauthenticated,
  pick,
  strangeIds,
  useWorld,
} from '../../support/operations.ts'
import { acquire, call, createRawKey, openAccount, storeKey, wrap } from '../../support/raw-client.ts'
import {
  add,
  addInput,
  addKey,
  addMutation,
  endorsementOf,
  revokeKey,
  signerOf,
  trustAlerts,
} from '../../support/trust.ts'

const world = useWorld()

describe('openAccount', () => {
  const query =
    'mutation ($input: OpenAccountInput!) { openAccount(input: $input) { managementKeys { endorsement } } }'

  async function open(signedBy: 'itself' | 'another', changes: object = {}) {
    const [key, other] = await Promise.all([createRawKey(), createRawKey()])
    const name = `owner-${randomUUID()}`
    const endorsement = await signStatement(
      'claviger-endorsement+jwt',
      { ...endorsementOf(name, key), ...changes },
      signerOf(signedBy === 'itself' ? key : other),
    )
    const managementKey = {
      label: 'first',
      signingKey: key.signingKey,
      wrappingKey: key.wrappingKey,
      endorsement,
    }
    return {
      endorsement,
      answer: await call(world.url, key, { query, variables: { input: { name, managementKey } } }),
    }
  }

  test("keeps the first key's endorsement of itself", async () => {
    const { endorsement, answer } = await open('itself')
    expect(answer.data?.['openAccount']).toEqual({ managementKeys: [{ endorsement }] })
  })

  test('refuses an endorsement by another key, or of something else', async () => {
    for (const { answer } of [
      await open('another'),
      await open('itself', { iss: 'somebody' }),
      await open('itself', { kind: 'RECOVERY' }),
      await open('itself', { wrap: undefined }),
    ]) {
      expectBadInput(answer, 'input.managementKey.endorsement')
    }
  })
})

describe('addManagementKey', () => {
  test('adds a key that acquires its wrapped keys from then on, and alerts', async () => {
    const account = await openAccount(world.url)
    const ids = [await storeKey(world.url, account.key), await storeKey(world.url, account.key)].map(
      ({ id }) => id,
    )
    const key = await createRawKey('ES256')
    const input = await addInput(account, key, { copies: ids })
    const answer = await add(world.url, account.key, input)
    expect(answer.errors).toEqual([])
    expect(answer.data?.['addManagementKey']).toEqual({
      id: key.id,
      label: 'second',
      kind: 'DEVICE',
      signingKey: key.signingKey,
      wrappingKey: key.wrappingKey,
      endorsement: input.endorsement,
      createdAt: expect.any(String),
      revokedAt: null,
    })
    for (const [index, id] of ids.entries()) {
      const { data } = await acquire(world.url, key, { id })
      expect(pick(data, 'wrappedKey', 'jwe')).toBe(input.wrappedKeys[index]?.jwe)
    }
    expect(await trustAlerts(world.url, key)).toEqual([
      { kind: 'MANAGEMENT_KEY_ADDED', managementKey: { id: key.id }, addedBy: { id: account.key.id } },
    ])
  })

  test('takes a signature by a registered key', async () => {
    const account = await openAccount(world.url)
    const input = await addInput(account, await createRawKey())
    await expectSignedOnly(world.url, { query: addMutation, variables: { input } })
  })

  test('is not signed by the key that it adds', async () => {
    const account = await openAccount(world.url)
    const key = await createRawKey()
    expectUnauthenticated(await add(world.url, key, await addInput(account, key)), 'SIGNATURE_INVALID')
  })

  test.each<[string, object]>([
    ['another owner', { iss: 'somebody' }],
    ['another kind', { kind: 'RECOVERY' }],
    ['no wrapping key', { wrap: undefined }],
  ])('refuses an endorsement of %s', async (_what, change) => {
    const account = await openAccount(world.url)
    const key = await createRawKey()
    const payload = { ...endorsementOf(account.name, key), ...change }
    expectBadInput(
      await add(world.url, account.key, await addInput(account, key, { payload })),
      'input.endorsement',
    )
    expect(await trustAlerts(world.url, account.key)).toEqual([])
  })

  test('refuses an endorsement and a proof that are dated more than 30 seconds ahead', async () => {
    const account = await openAccount(world.url)
    const key = await createRawKey()
    const at = async (iat: number) => {
      const payload = { ...endorsementOf(account.name, key), iat }
      return add(world.url, account.key, await addInput(account, key, { payload }))
    }
    const now = Math.floor(Date.now() / 1000)
    expectBadInput(await at(now + 40), 'input.proof')
    expect((await at(now + 20)).errors).toEqual([])
  })

  test('refuses an endorsement of another key, and a proof by another key', async () => {
    const account = await openAccount(world.url)
    const [key, other] = await Promise.all([createRawKey(), createRawKey()])
    const ofOther = await addInput(account, other)
    const ofKey = await addInput(account, key)
    const managementKey = ofKey.managementKey
    expectBadInput(await add(world.url, account.key, { ...ofOther, managementKey }), 'input.proof')
    expectBadInput(await add(world.url, account.key, { ...ofKey, proof: ofOther.proof }), 'input.proof')
    // The new key signs a proof of its own, but the endorsement is another's.
    const mixed = { ...ofKey, endorsement: ofOther.endorsement }
    expectBadInput(await add(world.url, account.key, mixed), 'input.proof')
  })

  test('refuses a proof of other bytes, even when they say the same', async () => {
    const account = await openAccount(world.url)
    const key = await createRawKey()
    const payload = endorsementOf(account.name, key)
    const { v, ...others } = payload
    const input = await addInput(account, key, { payload })
    const proof = await signStatement('claviger-proof+jwt', { ...others, v }, signerOf(key))
    expectBadInput(await add(world.url, account.key, { ...input, proof }), 'input.proof')
  })

  test('refuses one statement instead of the other', async () => {
    const account = await openAccount(world.url)
    const key = await createRawKey()
    const { endorsement, proof, ...input } = await addInput(account, key)
    const swapped = { ...input, endorsement: proof, proof: endorsement }
    expectBadInput(await add(world.url, account.key, swapped), 'input.endorsement')
    expectBadInput(
      await add(world.url, account.key, { ...input, endorsement, proof: endorsement }),
      'input.proof',
    )
  })

  test('refuses an endorsement by another key of the account than the one that signs the request', async () => {
    const account = await openAccount(world.url)
    const second = await addKey(world.url, account)
    const input = await addInput(account, await createRawKey())
    expectBadInput(await add(world.url, second, input), 'input.endorsement')
  })

  test("refuses an endorsement by another account's key", async () => {
    const [account, otherAccount] = [await openAccount(world.url), await openAccount(world.url)]
    const key = await createRawKey()
    const input = await addInput({ name: account.name, key: otherAccount.key }, key)
    expectBadInput(await add(world.url, account.key, input), 'input.endorsement')
  })

  test('refuses a key that is wrapped for another key, and one key twice', async () => {
    const account = await openAccount(world.url)
    const { id } = await storeKey(world.url, account.key)
    const key = await createRawKey()
    const input = await addInput(account, key, { copies: [id] })
    const foreign = [{ transactionKeyId: id, jwe: await wrap(account.key) }]
    expectBadInput(
      await add(world.url, account.key, { ...input, wrappedKeys: foreign }),
      'input.wrappedKeys.0.jwe',
    )
    const twice = [...input.wrappedKeys, { transactionKeyId: id.toUpperCase(), jwe: await wrap(key) }]
    expectBadInput(await add(world.url, account.key, { ...input, wrappedKeys: twice }), 'input.wrappedKeys.1')
    const many = Array.from({ length: 101 }, () => input.wrappedKeys[0])
    expectBadInput(await add(world.url, account.key, { ...input, wrappedKeys: many }), 'input.wrappedKeys')
  })

  test('adds nothing when a wrapped key is for no transaction key of the account', async () => {
    const [account, otherAccount] = [await openAccount(world.url), await openAccount(world.url)]
    const { id } = await storeKey(world.url, account.key)
    const { id: foreign } = await storeKey(world.url, otherAccount.key)
    const key = await createRawKey()
    for (const strange of [foreign, ...strangeIds]) {
      const input = await addInput(account, key, { copies: [id, strange] })
      expectRefusal(await add(world.url, account.key, input), { code: 'NOT_FOUND' })
    }
    expectUnauthenticated(await acquire(world.url, key, { id }), 'SIGNATURE_INVALID')
    expect(await trustAlerts(world.url, account.key)).toEqual([])
    // And nothing of it stands in the way.
    const input = await addInput(account, key, { copies: [id] })
    expect((await add(world.url, account.key, input)).errors).toEqual([])
  })

  test('repeated with the same endorsement returns the key, and alerts once', async () => {
    const account = await openAccount(world.url)
    const ids = [await storeKey(world.url, account.key), await storeKey(world.url, account.key)].map(
      ({ id }) => id,
    )
    const key = await createRawKey()
    const input = await addInput(account, key, { copies: ids })
    const first = await add(world.url, account.key, { ...input, wrappedKeys: input.wrappedKeys.slice(0, 1) })
    const second = await add(world.url, account.key, input)
    expect(second.errors).toEqual([])
    expect(second.data).toEqual(first.data)
    const { data } = await acquire(world.url, key, { id: ids[1] ?? '' })
    expect(pick(data, 'wrappedKey', 'jwe')).toBe(input.wrappedKeys[1]?.jwe)
    expect(await trustAlerts(world.url, account.key)).toHaveLength(1)
  })

  test("answers CONFLICT for a key that is taken: the account's own, a revoked one, another account's", async () => {
    const [account, otherAccount] = [await openAccount(world.url), await openAccount(world.url)]
    const revoked = await addKey(world.url, account)
    await revokeKey(world.url, account.key, revoked.id)
    for (const key of [account.key, revoked, otherAccount.key]) {
      const answer = await add(world.url, account.key, await addInput(account, key))
      expectRefusal(answer, { code: 'CONFLICT' })
    }
  })
})

describe('revokeManagementKey', () => {
  test('erases the wrapped keys, refuses requests, alerts, and changes nothing when repeated', async () => {
    const account = await openAccount(world.url)
    const { id } = await storeKey(world.url, account.key)
    const key = await addKey(world.url, account, { copies: [id] })
    const answer = await revokeKey(world.url, account.key, key.id)
    const revokedAt = pick(answer.data, 'revokeManagementKey', 'revokedAt')
    expect(revokedAt).toEqual(expect.any(String))
    expectUnauthenticated(await acquire(world.url, key, { id }), 'SIGNATURE_INVALID')
    const { data } = await call(world.url, account.key, {
      query: 'query ($id: ID!) { transactionKey(id: $id) { wrappedFor { id } } }',
      variables: { id },
    })
    expect(pick(data, 'transactionKey', 'wrappedFor')).toEqual([{ id: account.key.id }])
    const again = await revokeKey(world.url, account.key, key.id)
    expect(pick(again.data, 'revokeManagementKey', 'revokedAt')).toBe(revokedAt)
    expect(await trustAlerts(world.url, account.key)).toEqual([
      { kind: 'MANAGEMENT_KEY_ADDED', managementKey: { id: key.id }, addedBy: { id: account.key.id } },
      { kind: 'MANAGEMENT_KEY_REVOKED', managementKey: { id: key.id }, revokedBy: { id: account.key.id } },
    ])
  })

  test('takes a signature by a registered key', async () => {
    const query = 'mutation { revokeManagementKey(id: "x") { id } }'
    await expectSignedOnly(world.url, { query })
  })

  test('answers NOT_FOUND for an unknown key, and for that of another account', async () => {
    const [account, otherAccount] = [await openAccount(world.url), await openAccount(world.url)]
    for (const id of [otherAccount.key.id, ...strangeIds]) {
      expectRefusal(await revokeKey(world.url, account.key, id), { code: 'NOT_FOUND' })
    }
  })

  test('answers CONFLICT for the last one', async () => {
    const account = await openAccount(world.url)
    expectRefusal(await revokeKey(world.url, account.key, account.key.id), { code: 'CONFLICT' })
    const second = await addKey(world.url, account)
    expect((await revokeKey(world.url, account.key, account.key.id)).errors).toEqual([])
    expectRefusal(await revokeKey(world.url, second, second.id), { code: 'CONFLICT' })
  })

  test('a key that revokes itself does nothing more in the same request', async () => {
    const account = await openAccount(world.url)
    const { id } = await storeKey(world.url, account.key)
    const second = await addKey(world.url, account)
    const answer = await call(world.url, second, {
      query: `mutation ($key: ID!, $id: ID!) {
        revokeManagementKey(id: $key) { id } revokeTransactionKey(id: $id) { id } }`,
      variables: { key: second.id, id },
    })
    expectUnauthenticated(answer, 'SIGNATURE_INVALID')
    const { data } = await acquire(world.url, account.key, { id })
    expect(data?.['wrappedKey']).toBeTruthy()
  })

  test('a revoked key is no key to wrap for', async () => {
    const account = await openAccount(world.url)
    const key = await addKey(world.url, account)
    const { id } = await storeKey(world.url, account.key)
    await revokeKey(world.url, account.key, key.id)
    const wrappedKey = { managementKeyId: key.id, jwe: await wrap(key) }
    const rewrap = await call(world.url, account.key, {
      query:
        'mutation ($input: [RewrapTransactionKeyInput!]!) { rewrapTransactionKeys(input: $input) { id } }',
      variables: { input: [{ transactionKeyId: id, wrappedKeys: [wrappedKey] }] },
    })
    expectRefusal(rewrap, { code: 'NOT_FOUND' })
  })
})
