import { describe, expect, test } from 'vitest'
import {
  memoryKeystore,
  memoryRotationStore,
  openRecovery,
  rotateManagementKey,
} from '../../../client/index.ts'
import { signKeyRevocation, signManagementKeyRevocation } from '../../../client/trust/revocations.ts'
import { parseStatement } from '../../../schema/wire/statements/statement.ts'
import {
  aboutKeys,
  aboutManagementKeys,
  forgeCertificate,
  plantKey,
  showPlanted,
  together,
} from './forgeries.ts'
import type { Data, Lie } from './malicious-server.ts'
import {
  addDevice,
  createManagementKey,
  createVictim,
  restarted,
  sessionOf,
  shop,
  useMaliciousServer,
  type Victim,
} from './victim.ts'

/* A key server that forgets revocations, dates them or invents them, where their owner has signed them. */

const { server } = useMaliciousServer()
const rollback = { code: 'ROLLBACK' }

/** The key is said to be as it was before it was revoked; by the careless with the revocation beside it. */
function unrevoked({ careless = false } = {}): Lie {
  return aboutKeys((key) =>
    Object.assign(key, {
      state: 'ACTIVE',
      revokedAt: null,
      revocationReason: null,
      ...(!careless && { revocation: null }),
    }),
  )
}

function aboutDevice(id: string, change: Data): Lie {
  return aboutManagementKeys((keys) => {
    for (const key of keys) if (key['id'] === id) Object.assign(key, change)
  })
}

async function prepare() {
  const victim = await createVictim(server())
  const { id } = await victim.vault.createKey(shop)
  return { victim, id, second: await addDevice(victim) }
}

/** What the SDK sent as the revocation, last. */
function sentRevocation(operation: string): unknown {
  return server().exchanges.findLast((exchange) => exchange.operation === operation)?.variables['revocation']
}

const revocations: readonly {
  readonly how: string
  readonly revoke: (of: Victim, id: string) => Promise<unknown>
}[] = [
  { how: 'revoked', revoke: ({ vault }, id) => vault.revokeKey(id, { reason: 'COMPROMISED' }) },
  { how: 'destroyed', revoke: ({ vault }, id) => vault.destroyKey(id) },
  { how: 'rotated', revoke: ({ vault }, id) => vault.rotateKey(id) },
]

describe.each(revocations)('a key that its owner has $how', ({ revoke }) => {
  test('stays revoked for another device that has seen his revocation, whatever the key server says', async () => {
    const { victim, id, second } = await prepare()
    expect(await second.vault.key(id)).toMatchObject({ state: 'ACTIVE', revocation: null, trustError: null })
    await revoke(victim, id)
    const seen = await second.vault.key(id)
    expect(seen).toMatchObject({ state: 'REVOKED', trustError: null })
    const { kid, payload } = parseStatement('claviger-revocation+jwt', seen?.revocation)
    expect(kid).toBe(victim.vault.managementKeyId)
    const { thumbprint: jkt, revocationReason: reason } = seen ?? {}
    expect(payload).toMatchObject({ iss: victim.owner, aud: shop, jti: id, jkt, reason })
    server().tell(unrevoked())
    expect(await second.vault.key(id)).toMatchObject({ trustError: 'ROLLBACK' })
    expect(await (await restarted(second)).key(id)).toMatchObject({ trustError: 'ROLLBACK' })
  })

  test('is missed at once where it is shown as active and the revocation too, and from then on', async () => {
    const { victim, id, second } = await prepare()
    await revoke(victim, id)
    server().tell(unrevoked({ careless: true }))
    expect(await second.vault.key(id)).toMatchObject({ trustError: 'ROLLBACK' })
    server().tell(unrevoked())
    expect(await (await restarted(second)).key(id)).toMatchObject({ trustError: 'ROLLBACK' })
    // Negative control: who has seen nothing of it believes that it is active.
    expect(await (await restarted(second, { hasMemory: false })).key(id)).toMatchObject({ trustError: null })
  })

  test('is revoked for the device that did it, though the key server only said so', async () => {
    const { victim, id } = await prepare()
    await revoke(victim, id)
    server().tell(unrevoked())
    expect(await (await restarted(victim)).key(id)).toMatchObject({ trustError: 'ROLLBACK' })
  })
})

describe('what the key server makes of a revocation', () => {
  test('is none when nobody trusted has signed it, or it is about another key', async () => {
    const { victim, id, second } = await prepare()
    const other = await victim.vault.createKey(shop)
    await victim.vault.revokeKey(other.id)
    const foreign = sentRevocation('RevokeTransactionKey')
    const invented = await createManagementKey()
    const certificate = parseStatement('claviger-key+jwt', (await victim.vault.key(id))?.certificate).payload
    const by = { managementKey: invented, nowSeconds: certificate.iat, reason: 'COMPROMISED' } as const
    const ofStranger = await signKeyRevocation(certificate, by)
    for (const revocation of [foreign, ofStranger, 'x']) {
      server().tell(aboutKeys((key) => key['id'] === id && Object.assign(key, { revocation })))
      expect((await second.vault.key(id))?.trustError).toMatch(/CERTIFICATE_INVALID|UNTRUSTED_MANAGEMENT_KEY/)
    }
    // And nothing of it is remembered.
    server().tell(null)
    expect(await second.vault.key(id)).toMatchObject({ state: 'ACTIVE', trustError: null })
  })

  test('is not what a device signs: of a key that is not as certified it signs no revocation', async () => {
    const { victim, id } = await prepare()
    const planted = await plantKey(server(), victim, { id })
    const { publicKey, thumbprint } = planted
    server().tell((exchange) => {
      if (exchange.operation === 'TransactionKey') {
        Object.assign(exchange.data['transactionKey'], { publicKey, thumbprint })
      }
      return exchange.data
    })
    expect(await victim.vault.revokeKey(id)).toMatchObject({ state: 'REVOKED', revocation: null })
    expect(sentRevocation('RevokeTransactionKey')).toBeUndefined()
  })
})

describe('a device that another one has revoked', () => {
  test('and that the key server lists as active with the revocation beside it is missed, and from then on', async () => {
    const { victim, second } = await prepare()
    const third = await addDevice(victim)
    const { managementKeyId: id } = second.vault
    await victim.vault.revokeDevice(id)
    server().tell(aboutDevice(id, { revokedAt: null }))
    await expect(third.vault.account()).rejects.toMatchObject(rollback)
    server().tell(aboutDevice(id, { revokedAt: null, revocation: null }))
    await expect((await restarted(third)).createKey(shop)).rejects.toMatchObject(rollback)
    // Negative control: who has seen nothing of it believes that it is active.
    const forgetful = await restarted(third, { hasMemory: false })
    expect((await forgetful.account()).managementKeys).toHaveLength(3)
  })

  test('is not believed after its signed revocation, whatever date the key server tells', async () => {
    const { victim, id, second: stolen } = await prepare()
    const planted = await plantKey(server(), victim, { id })
    const { managementKey: signer } = await sessionOf(stolen)
    const { owner, managementKey } = await sessionOf(victim)
    const minutesAgo = Math.floor(Date.now() / 1000) - 120
    const revocation = await signManagementKeyRevocation(signer.id, {
      owner,
      managementKey,
      nowSeconds: minutesAgo,
    })
    const revokedAt = new Date(Date.now() + 365 * 86_400_000).toISOString()
    const certificate = await forgeCertificate(victim, planted, { signer })
    const shown = showPlanted(planted, { certificate })
    server().tell(together(shown, aboutDevice(signer.id, { revokedAt, revocation })))
    const forgetful = await restarted(victim, { hasMemory: false })
    await expect(forgetful.acquire(shop)).rejects.toMatchObject({ code: 'CERTIFICATE_INVALID' })
    // Negative control: by the key server's word alone it was not revoked yet.
    server().tell(together(shown, aboutDevice(signer.id, { revokedAt, revocation: null })))
    expect((await (await restarted(victim, { hasMemory: false })).acquire(shop)).id).toBe(id)
  })

  test('is not revoked by what itself or a stranger signed', async () => {
    const { victim, second } = await prepare()
    const { owner, managementKey: self } = await sessionOf(second)
    const nowSeconds = Math.floor(Date.now() / 1000)
    for (const managementKey of [self, await createManagementKey()]) {
      const revocation = await signManagementKeyRevocation(self.id, { owner, managementKey, nowSeconds })
      server().tell(aboutDevice(self.id, { revocation }))
      expect((await victim.vault.account()).managementKeys).toHaveLength(2)
    }
  })

  test('because its management key was rotated, is missed by the renewed device and by others', async () => {
    const { victim, second } = await prepare()
    const before = victim.vault.managementKeyId
    await second.vault.account()
    await rotateManagementKey({ keystore: victim.keystore, pending: memoryRotationStore() })
    expect(sentRevocation('RevokeManagementKey')).toEqual(expect.any(String))
    server().tell(aboutDevice(before, { revokedAt: null, revocation: null }))
    await expect((await restarted(victim)).account()).rejects.toMatchObject(rollback)
    server().tell(aboutDevice(before, { revokedAt: null }))
    await expect(second.vault.account()).rejects.toMatchObject(rollback)
  })

  test('is missed on a machine that was recovered by the phrase alone', async () => {
    const { victim, second } = await prepare()
    const draft = await victim.vault.prepareRecovery()
    await draft.register()
    const { managementKeyId: id } = second.vault
    await victim.vault.revokeDevice(id)
    server().tell(aboutDevice(id, { revokedAt: null }))
    const { url } = server()
    const recovery = await openRecovery({ url, owner: victim.owner, phrase: draft.words.join(' ') })
    const { vault } = await recovery.restore({ keystore: memoryKeystore() })
    await expect(vault.createKey(shop)).rejects.toMatchObject(rollback)
  })
})
