import { describe, expect, test } from 'vitest'
import { pagesOf } from '../../../client/transport/pages.ts'
import { aboutOperation } from './forgeries.ts'
import type { Data } from './malicious-server.ts'
import { bank, createVictim, shop, useMaliciousServer } from './victim.ts'

const { server } = useMaliciousServer()
const malformed = { name: 'VaultError', code: 'ANSWER_MALFORMED' }

const answersTo = (operation: string): Data[] =>
  server().exchanges.flatMap(({ operation: name, data }) =>
    name === operation && data !== null ? [data] : [],
  )

describe('the answer to another request', () => {
  test('is not accepted as the requested description', async () => {
    const { vault } = await createVictim(server())
    const [mine, other] = [await vault.createKey(shop), await vault.createKey(shop)]
    await vault.key(other.id)
    const replayed = answersTo('TransactionKey').at(-1)
    server().tamper(({ operation, data }) => (operation === 'TransactionKey' ? replayed : data))
    await expect(vault.key(mine.id)).rejects.toMatchObject({ code: 'KEY_MISMATCH' })
    await expect(vault.updateKey(mine.id, { maxUses: 1 })).rejects.toMatchObject({ code: 'KEY_MISMATCH' })
  })

  test('is not accepted as the stored key', async () => {
    const { vault } = await createVictim(server())
    await vault.createKey(shop)
    const replayed = answersTo('StoreTransactionKey').at(-1)
    server().tamper(({ operation, data }) => (operation === 'StoreTransactionKey' ? replayed : data))
    await expect(vault.createKey(shop)).rejects.toMatchObject({ code: 'KEY_MISMATCH' })
  })

  test('is not accepted as the revoked key', async () => {
    const { vault } = await createVictim(server())
    const [mine, other] = [await vault.createKey(shop), await vault.createKey(shop)]
    await vault.revokeKey(other.id)
    const replayed = answersTo('RevokeTransactionKey').at(-1)
    server().tamper(({ operation, data }) => (operation === 'RevokeTransactionKey' ? replayed : data))
    await expect(vault.revokeKey(mine.id)).rejects.toMatchObject({ code: 'KEY_MISMATCH' })
  })

  test('of another owner is not accepted as the own key', async () => {
    const { vault } = await createVictim(server())
    const accomplice = await createVictim(server())
    const { id } = await vault.createKey(shop)
    await accomplice.vault.createKey(shop)
    await accomplice.vault.acquire(shop)
    const replayed = answersTo('WrappedKey').at(-1)
    server().tamper(
      aboutOperation('WrappedKey', (data) => {
        data['wrappedKey'] = structuredClone(replayed?.['wrappedKey'])
        data['wrappedKey'].transactionKey.id = id
      }),
    )
    await expect(vault.acquire({ id })).rejects.toMatchObject({ code: 'UNTRUSTED_MANAGEMENT_KEY' })
  })
})

describe('an answer that the protocol does not know', () => {
  const wrong: readonly { readonly member: string; readonly value: unknown }[] = [
    { member: 'state', value: 'GOLDEN' },
    { member: 'certificate', value: 7 },
    { member: 'expiresAt', value: 'tomorrow' },
    { member: 'maxUses', value: '5' },
    { member: 'publicKey', value: { kty: 'OKP', crv: 'Ed25519', x: 'AAAA' } },
    { member: 'overusePolicy', value: null },
  ]

  test.each(wrong)('is malformed: $member', async ({ member, value }) => {
    const { vault } = await createVictim(server())
    const { id } = await vault.createKey(shop)
    server().tamper(
      aboutOperation('WrappedKey', (data) =>
        Object.assign(data['wrappedKey'].transactionKey, { [member]: value }),
      ),
    )
    await expect(vault.acquire({ id })).rejects.toMatchObject(malformed)
  })

  test.each([null, {}, { wrappedKey: null }, { wrappedKey: [] }])('is malformed: %o', async (data) => {
    const { vault } = await createVictim(server())
    const { id } = await vault.createKey(shop)
    server().tamper((exchange) => (exchange.operation === 'WrappedKey' ? (data ?? {}) : exchange.data))
    await expect(vault.acquire({ id })).rejects.toMatchObject(malformed)
  })
})

describe('a list', () => {
  test('that names the same next page forever is malformed: it does not pass for whole', async () => {
    const { vault } = await createVictim(server())
    await vault.createKey(shop)
    const recovery = await vault.prepareRecovery()
    let endCursor: unknown = null
    server().tamper(
      aboutOperation('TransactionKeys', ({ account }) => {
        endCursor ??= account.transactionKeys.pageInfo.endCursor
        Object.assign(account.transactionKeys.pageInfo, { hasNextPage: true, endCursor })
      }),
    )
    await expect(vault.keys().toArray()).rejects.toMatchObject(malformed)
    // Nor does a device count as given every key when the list of them did not end.
    await expect(recovery.register()).rejects.toMatchObject(malformed)
    expect(endCursor).not.toBeNull()
  })

  test('that never ends is given up after a million items', async () => {
    let page = 0
    const endless = pagesOf(() => Promise.resolve({ items: [], next: String((page += 1)) }))
    await expect(endless.toArray()).rejects.toMatchObject(malformed)
    expect(page).toBe(10_000)
  })

  test('that leaves a key out is not noticed: then there is no key, but never a wrong one', async () => {
    const { vault } = await createVictim(server())
    await vault.createKey(shop)
    server().tamper(
      aboutOperation('TransactionKeys', ({ account }) =>
        Object.assign(account.transactionKeys, { edges: [] }),
      ),
    )
    expect(await vault.keys().toArray()).toEqual([])
    await expect(vault.acquire(shop)).rejects.toMatchObject({ code: 'NO_ACTIVE_KEY' })
  })

  test("that names another application server's key as the newest one is noticed", async () => {
    const { vault } = await createVictim(server())
    await vault.createKey(shop)
    const other = await vault.createKey(bank)
    server().tamper(
      aboutOperation('TransactionKeys', ({ account }) =>
        Object.assign(account.transactionKeys.edges[0].node, { id: other.id }),
      ),
    )
    await expect(vault.acquire(shop)).rejects.toMatchObject({ code: 'KEY_MISMATCH' })
  })
})
