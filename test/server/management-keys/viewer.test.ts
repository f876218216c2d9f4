import { describe, expect, test } from 'vitest'
import { signPayloadOf, signStatement } from '../../../schema/wire/statements/statement.ts'
import { auditEntriesOf } from '../../support/audit.ts'
import { expectBadInput, useWorld } from '../../support/operations.ts'
import {
  acquire,
  call,
  createRawKey,
  openAccount,
  storeInput,
  storeKey,
  wrap,
} from '../../support/raw-client.ts'
import { openSubscriber, raise } from '../../support/realtime.ts'
import { feedOverSocket } from '../../support/socket.ts'
import type { RawAccount, RawKey } from '../../support/raw-client.ts'
import {
  add,
  addInput,
  addKey,
  beginning,
  certificateOf,
  endorsementOf,
  revokeKey,
  signerOf,
} from '../../support/trust.ts'

const world = useWorld()

/** The input that adds `key` as a VIEWER. */
async function viewerInput({ name, key: approver }: RawAccount, key: RawKey) {
  const { wrap: _wrap, ...endorsed } = endorsementOf(name, key)
  const payload = { ...endorsed, kind: 'VIEWER' } as const
  const endorsement = await signStatement('claviger-endorsement+jwt', payload, signerOf(approver))
  return {
    managementKey: { label: 'dashboard', kind: 'VIEWER', signingKey: key.signingKey },
    endorsement,
    proof: await signPayloadOf(endorsement, 'claviger-proof+jwt', signerOf(key)),
    wrappedKeys: [] as { transactionKeyId: string; jwe: string }[],
  }
}

async function accountWithViewer(account?: RawAccount) {
  const owner = account ?? (await openAccount(world.url))
  const viewer = await createRawKey()
  expect((await add(world.url, owner.key, await viewerInput(owner, viewer))).errors).toEqual([])
  return { owner, viewer }
}

describe('a VIEWER', () => {
  test('reads the account and its keys', async () => {
    const { owner, viewer } = await accountWithViewer()
    const { id } = await storeKey(world.url, owner.key)
    const query = `{ account { name managementKeys { id kind wrappingKey } } transactionKey(id: "${id}") { id } }`
    const { data, errors } = await call(world.url, viewer, { query })
    expect(errors).toEqual([])
    expect(data).toMatchObject({ account: { name: owner.name }, transactionKey: { id } })
    expect(data?.['account'].managementKeys).toContainEqual({
      id: viewer.id,
      kind: 'VIEWER',
      wrappingKey: null,
    })
  })

  test('reads the audit log, which has what a VIEWER was refused', async () => {
    const { owner, viewer } = await accountWithViewer()
    const { id } = await storeKey(world.url, owner.key)
    expect((await acquire(world.url, viewer, { id })).code).toBe('FORBIDDEN')
    expect(await auditEntriesOf(world.url, viewer)).toContainEqual(
      expect.objectContaining({
        action: 'KEY_ACQUIRED',
        code: 'FORBIDDEN',
        granted: false,
        managementKeyId: viewer.id,
        transactionKeyId: id,
      }),
    )
  })

  test('subscribes to alerts, and acknowledges them', async () => {
    const subscriber = await openSubscriber(world.url)
    const { viewer } = await accountWithViewer(subscriber)
    const feed = await feedOverSocket(world.url, viewer, { after: beginning })
    await raise(world, subscriber)
    await feed.next()
    const { cursor } = await feed.next()
    await feed.close()
    const acknowledged = await call(world.url, viewer, {
      query: 'mutation ($upTo: String!) { acknowledgeAlerts(upTo: $upTo) }',
      variables: { upTo: cursor },
    })
    expect(acknowledged).toMatchObject({ errors: [], data: { acknowledgeAlerts: 2 } })
  })

  test('is FORBIDDEN to acquire, and the acquisition is not counted', async () => {
    const { owner, viewer } = await accountWithViewer()
    const { id } = await storeKey(world.url, owner.key)
    for (const query of [
      `{ wrappedKey(transactionKeyId: "${id}") { jwe } }`,
      `{ wrappedKeys(transactionKeyIds: ["${id}"], purpose: EXPORT) { jwe } }`,
      `{ wrappedKey(transactionKeyId: "${crypto.randomUUID()}") { jwe } }`,
      '{ wrappedKey(transactionKeyId: "nothing") { jwe } }',
    ]) {
      expect((await call(world.url, viewer, { query })).code, query).toBe('FORBIDDEN')
    }
    const { data } = await call(world.url, owner.key, {
      query: `{ transactionKey(id: "${id}") { useCount refusedCount } }`,
    })
    expect(data).toEqual({ transactionKey: { useCount: 0, refusedCount: 0 } })
  })

  test('is FORBIDDEN every other mutation', async () => {
    const { owner, viewer } = await accountWithViewer()
    const { id } = await storeKey(world.url, owner.key)
    const input = await storeInput(owner.key)
    const other = await addInput({ ...owner, key: viewer }, await createRawKey())
    const rewrapping = [{ transactionKeyId: id, wrappedKeys: [] }]
    const mutations: readonly (readonly [string, Record<string, unknown>])[] = [
      [
        'mutation ($input: StoreTransactionKeyInput!) { storeTransactionKey(input: $input) { id } }',
        { input },
      ],
      [
        'mutation ($input: UpdateTransactionKeyInput!) { updateTransactionKey(input: $input) { id } }',
        { input: { id, label: 'x' } },
      ],
      [
        'mutation ($input: AddManagementKeyInput!) { addManagementKey(input: $input) { id } }',
        { input: other },
      ],
      [`mutation { revokeManagementKey(id: "${owner.key.id}") { id } }`, {}],
      [`mutation { revokeManagementKey(id: "${viewer.id}") { id } }`, {}],
      [`mutation { revokeTransactionKey(id: "${id}") { id } }`, {}],
      [`mutation { destroyTransactionKey(id: "${id}") { id } }`, {}],
      ['mutation { setWebhook(input: { url: "https://hook.example/" }) { secret } }', {}],
      [
        'mutation ($input: [RewrapTransactionKeyInput!]!) { rewrapTransactionKeys(input: $input) { id } }',
        {
          input: [
            {
              ...rewrapping[0],
              wrappedKeys: [{ managementKeyId: owner.key.id, jwe: await wrap(owner.key) }],
            },
          ],
        },
      ],
    ]
    for (const [query, variables] of mutations) {
      expect((await call(world.url, viewer, { query, variables })).code, query).toBe('FORBIDDEN')
    }
  })

  test('that is revoked is refused like an unknown key, and not told that it is a VIEWER', async () => {
    const { owner, viewer } = await accountWithViewer()
    const { id } = await storeKey(world.url, owner.key)
    expect((await revokeKey(world.url, owner.key, viewer.id)).errors).toEqual([])
    const answer = await call(world.url, viewer, {
      query: `mutation { revokeTransactionKey(id: "${id}") { id } }`,
    })
    expect(answer.errors[0]?.extensions).toMatchObject({
      code: 'UNAUTHENTICATED',
      reason: 'SIGNATURE_INVALID',
    })
  })
})

describe('nothing that a VIEWER signs is taken', () => {
  test('as a certificate', async () => {
    const { owner, viewer } = await accountWithViewer()
    const input = await storeInput(owner.key)
    const certificate = await signStatement(
      'claviger-key+jwt',
      certificateOf(owner.name, input),
      signerOf(viewer),
    )
    const answer = await call(world.url, owner.key, {
      query: 'mutation ($input: StoreTransactionKeyInput!) { storeTransactionKey(input: $input) { id } }',
      variables: { input: { ...input, certificate } },
    })
    expectBadInput(answer, 'input.certificate')
  })

  test('as an endorsement', async () => {
    const { owner, viewer } = await accountWithViewer()
    const input = await addInput({ ...owner, key: viewer }, await createRawKey())
    expectBadInput(await add(world.url, owner.key, input), 'input.endorsement')
  })
})

describe('a VIEWER is refused', () => {
  test('with a wrapping key, or with wrapped keys', async () => {
    const owner = await openAccount(world.url)
    const viewer = await createRawKey()
    const { id } = await storeKey(world.url, owner.key)
    const input = await viewerInput(owner, viewer)
    const withWrapping = { ...input.managementKey, wrappingKey: viewer.wrappingKey }
    expectBadInput(
      await add(world.url, owner.key, { ...input, managementKey: withWrapping }),
      'input.managementKey.wrappingKey',
    )
    const wrappedKeys = [{ transactionKeyId: id, jwe: await wrap(viewer) }]
    expectBadInput(await add(world.url, owner.key, { ...input, wrappedKeys }), 'input.wrappedKeys')
  })

  test('as the key that opens an account', async () => {
    const key = await createRawKey()
    const answer = await call(world.url, key, {
      query: 'mutation ($input: OpenAccountInput!) { openAccount(input: $input) { id } }',
      variables: {
        input: {
          name: `viewer-${crypto.randomUUID()}`,
          managementKey: { label: 'x', kind: 'VIEWER', signingKey: key.signingKey },
        },
      },
    })
    expectBadInput(answer, 'input.managementKey.kind')
  })

  test('as the only key that is left', async () => {
    const { owner } = await accountWithViewer()
    const second = await addKey(world.url, owner)
    expect((await revokeKey(world.url, owner.key, owner.key.id)).errors).toEqual([])
    expect((await revokeKey(world.url, second, second.id)).code).toBe('CONFLICT')
  })

  test('as the holder of a wrapped key', async () => {
    const { owner, viewer } = await accountWithViewer()
    const { id } = await storeKey(world.url, owner.key)
    const answer = await call(world.url, owner.key, {
      query:
        'mutation ($input: [RewrapTransactionKeyInput!]!) { rewrapTransactionKeys(input: $input) { id } }',
      variables: {
        input: [
          {
            transactionKeyId: id,
            wrappedKeys: [{ managementKeyId: viewer.id, jwe: await wrap(viewer) }],
          },
        ],
      },
    })
    expect(answer.code).toBe('NOT_FOUND')
  })
})
