import { describe, expect, test } from 'vitest'
import { aboutKeys } from './forgeries.ts'
import type { Data } from './malicious-server.ts'
import { addDevice, bank, createVictim, shop, useMaliciousServer } from './victim.ts'

const { server } = useMaliciousServer()
const inDays = (days: number) => new Date(Date.now() + days * 24 * 60 * 60 * 1000)
const untrue = { name: 'VaultError', code: 'CERTIFICATE_INVALID' }

async function prepare() {
  const victim = await createVictim(server())
  const terms = { notBefore: inDays(-1), expiresAt: inDays(30), maxUses: 5, overusePolicy: 'REFUSE' } as const
  const { id } = await victim.vault.createKey(shop, terms)
  return { victim, id }
}

const tamperings: readonly { readonly tampering: string; readonly change: Data; readonly claim: string }[] = [
  { tampering: 'a longer term', change: { expiresAt: inDays(3000).toISOString() }, claim: 'exp' },
  { tampering: 'no end of the term', change: { expiresAt: null }, claim: 'exp' },
  {
    tampering: 'a term that begins earlier',
    change: { notBefore: inDays(-300).toISOString() },
    claim: 'nbf',
  },
  { tampering: 'a higher limit', change: { maxUses: 5_000_000 }, claim: 'max_uses' },
  { tampering: 'no limit', change: { maxUses: null }, claim: 'max_uses' },
  { tampering: 'a policy that lets more uses pass', change: { overusePolicy: 'NOTIFY' }, claim: 'overuse' },
  { tampering: 'another application server', change: { applicationServer: bank }, claim: 'aud' },
]

test('verification needs no further request, except the first for an unknown signer', async () => {
  const { victim, id } = await prepare()
  const second = await addDevice(victim)
  const requestsOf = async (work: () => Promise<unknown>) => {
    const before = server().exchanges.length
    await work()
    return server()
      .exchanges.slice(before)
      .map(({ operation }) => operation)
  }
  expect(await requestsOf(() => victim.vault.acquire({ id }))).toEqual(['WrappedKey'])
  expect(await requestsOf(() => second.vault.key(id))).toEqual(['TransactionKey', 'Account'])
  expect(await requestsOf(() => second.vault.key(id))).toEqual(['TransactionKey'])
  expect(await requestsOf(() => second.vault.keys().toArray())).toEqual(['TransactionKeys'])
})

describe('a description', () => {
  test.each(tamperings)(
    'with $tampering is refused when the key is acquired, and has a trust error before',
    async (row) => {
      const { victim, id } = await prepare()
      expect(await victim.vault.key(id)).toMatchObject({ trustError: null })
      server().tamper(aboutKeys((key) => Object.assign(key, row.change)))
      await expect(victim.vault.acquire({ id })).rejects.toMatchObject({
        ...untrue,
        message: expect.stringContaining(`"${row.claim}"`),
      })
      expect(await victim.vault.key(id)).toMatchObject({ trustError: 'CERTIFICATE_INVALID' })
      const [listed] = await victim.vault.keys().toArray()
      expect(listed).toMatchObject({ id, trustError: 'CERTIFICATE_INVALID' })
    },
  )

  test.each([
    { certified: 'expired', terms: { expiresAt: inDays(-10), notBefore: inDays(-20), allowExpired: true } },
    { certified: 'not yet valid', terms: { notBefore: inDays(10) } },
  ])('that calls a key active which is $certified is refused', async ({ terms }) => {
    const victim = await createVictim(server())
    const { id, state } = await victim.vault.createKey(shop, terms)
    expect(state).not.toBe('ACTIVE')
    server().tamper(aboutKeys((key) => Object.assign(key, { state: 'ACTIVE' })))
    expect(await victim.vault.key(id)).toMatchObject({ trustError: 'CERTIFICATE_INVALID' })
  })

  test('that describes an active key as expired or pending has a trust error', async () => {
    const { victim, id } = await prepare()
    for (const state of ['EXPIRED', 'PENDING']) {
      server().tamper(aboutKeys((key) => Object.assign(key, { state })))
      expect(await victim.vault.key(id)).toMatchObject({ trustError: 'CERTIFICATE_INVALID' })
    }
  })

  test('of an expired key as expired is trusted: its owner may need it to decrypt old data', async () => {
    const victim = await createVictim(server())
    const { id } = await victim.vault.createKey(shop, {
      expiresAt: inDays(-10),
      notBefore: inDays(-20),
      allowExpired: true,
    })
    expect((await victim.vault.acquire({ id })).description).toMatchObject({ state: 'EXPIRED' })
  })

  test('that was tampered with never gets into a certificate, whatever is changed of the key', async () => {
    const { victim, id } = await prepare()
    server().tamper(aboutKeys((key) => Object.assign(key, { maxUses: 5_000_000 })))
    await expect(victim.vault.updateKey(id, { expiresAt: inDays(60) })).rejects.toMatchObject(untrue)
    server().tamper(null)
    expect(await victim.vault.key(id)).toMatchObject({ maxUses: 5, trustError: null })
    await expect(victim.vault.rotateKey(id)).resolves.toMatchObject({ maxUses: 5 })
  })

  test('of a key that is being stored or changed is compared with the request', async () => {
    const victim = await createVictim(server())
    server().tamper(aboutKeys((key) => Object.assign(key, { expiresAt: null })))
    await expect(victim.vault.createKey(shop, { expiresAt: inDays(3) })).rejects.toMatchObject(untrue)
    server().tamper(null)
    const { id } = await victim.vault.createKey(shop)
    server().tamper(({ operation, data }) => {
      if (operation === 'UpdateTransactionKey') data['updateTransactionKey'].maxUses = null
      return data
    })
    await expect(victim.vault.updateKey(id, { maxUses: 3 })).rejects.toMatchObject(untrue)
  })

  test('that a second device certified is trusted by the first one, and the other way round', async () => {
    const { victim, id } = await prepare()
    const second = await addDevice(victim)
    expect(await second.vault.key(id)).toMatchObject({ trustError: null })
    await second.vault.updateKey(id, { maxUses: 4 })
    expect(await victim.vault.key(id)).toMatchObject({ maxUses: 4, trustError: null })
    const shared = await second.vault.createKey(bank)
    expect(shared.wrappedFor.toSorted()).toEqual(
      [victim.vault.managementKeyId, second.vault.managementKeyId].toSorted(),
    )
    expect((await victim.vault.acquire(bank)).id).toBe(shared.id)
  })
})
