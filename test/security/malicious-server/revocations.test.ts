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
  servePlanted,
  together,
} from './forgeries.ts'
import type { Data, Tampering } from './malicious-server.ts'
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

/** Describes the key as before its revocation; when careless, with the signed revocation. */
function unrevoked({ careless = false } = {}): Tampering {
  return aboutKeys((key) =>
    Object.assign(key, {
      state: 'ACTIVE',
      revokedAt: null,
      revocationReason: null,
      ...(!careless && { revocation: null }),
    }),
  )
}

function aboutDevice(id: string, change: Data): Tampering {
  return aboutManagementKeys((keys) => {
    for (const key of keys) if (key['id'] === id) Object.assign(key, change)
  })
}

async function prepare() {
  const victim = await createVictim(server())
  const { id } = await victim.vault.createKey(shop)
  return { victim, id, second: await addDevice(victim) }
}

/** The last revocation that the SDK sent. */
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
  test('stays revoked for another device that has seen the signed revocation, whatever the key server answers', async () => {
    const { victim, id, second } = await prepare()
    expect(await second.vault.key(id)).toMatchObject({ state: 'ACTIVE', revocation: null, trustError: null })
    await revoke(victim, id)
    const seen = await second.vault.key(id)
    expect(seen).toMatchObject({ state: 'REVOKED', trustError: null })
    const { kid, payload } = parseStatement('claviger-revocation+jwt', seen?.revocation)
    expect(kid).toBe(victim.vault.managementKeyId)
    const { thumbprint: jkt, revocationReason: reason } = seen ?? {}
    expect(payload).toMatchObject({ iss: victim.owner, aud: shop, jti: id, jkt, reason })
    server().tamper(unrevoked())
    expect(await second.vault.key(id)).toMatchObject({ trustError: 'ROLLBACK' })
    expect(await (await restarted(second)).key(id)).toMatchObject({ trustError: 'ROLLBACK' })
  })

  test('is refused as active beside its signed revocation, and from then on', async () => {
    const { victim, id, second } = await prepare()
    await revoke(victim, id)
    server().tamper(unrevoked({ careless: true }))
    expect(await second.vault.key(id)).toMatchObject({ trustError: 'ROLLBACK' })
    server().tamper(unrevoked())
    expect(await (await restarted(second)).key(id)).toMatchObject({ trustError: 'ROLLBACK' })
    // Negative control: a device that has not seen the revocation accepts it as active.
    expect(await (await restarted(second, { hasMemory: false })).key(id)).toMatchObject({ trustError: null })
  })

  test('is revoked for the device that revoked it, though the key server did not store the revocation', async () => {
    const { victim, id } = await prepare()
    await revoke(victim, id)
    server().tamper(unrevoked())
    expect(await (await restarted(victim)).key(id)).toMatchObject({ trustError: 'ROLLBACK' })
  })
})

describe('a revocation that the key server serves', () => {
  test('is ignored when no trusted key has signed it, or it names another key', async () => {
    const { victim, id, second } = await prepare()
    const other = await victim.vault.createKey(shop)
    await victim.vault.revokeKey(other.id)
    const foreign = sentRevocation('RevokeTransactionKey')
    const invented = await createManagementKey()
    const certificate = parseStatement('claviger-key+jwt', (await victim.vault.key(id))?.certificate).payload
    const by = { managementKey: invented, nowSeconds: certificate.iat, reason: 'COMPROMISED' } as const
    const ofStranger = await signKeyRevocation(certificate, by)
    for (const revocation of [foreign, ofStranger, 'x']) {
      server().tamper(aboutKeys((key) => key['id'] === id && Object.assign(key, { revocation })))
      expect((await second.vault.key(id))?.trustError).toMatch(/CERTIFICATE_INVALID|UNTRUSTED_MANAGEMENT_KEY/)
    }
    // And it is not recorded.
    server().tamper(null)
    expect(await second.vault.key(id)).toMatchObject({ state: 'ACTIVE', trustError: null })
  })

  test('makes no device sign: it signs no revocation of a key whose description is not trusted', async () => {
    const { victim, id } = await prepare()
    const planted = await plantKey(server(), victim, { id })
    const { publicKey, thumbprint } = planted
    server().tamper((exchange) => {
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
  test('is refused as active beside its signed revocation, and from then on', async () => {
    const { victim, second } = await prepare()
    const third = await addDevice(victim)
    const { managementKeyId: id } = second.vault
    await victim.vault.revokeDevice(id)
    server().tamper(aboutDevice(id, { revokedAt: null }))
    await expect(third.vault.account()).rejects.toMatchObject(rollback)
    server().tamper(aboutDevice(id, { revokedAt: null, revocation: null }))
    await expect((await restarted(third)).createKey(shop)).rejects.toMatchObject(rollback)
    // Negative control: a device that has not seen the revocation accepts it as active.
    const forgetful = await restarted(third, { hasMemory: false })
    expect((await forgetful.account()).managementKeys).toHaveLength(3)
  })

  test('is not trusted after its signed revocation, whatever date the key server lists', async () => {
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
    const served = servePlanted(planted, { certificate })
    server().tamper(together(served, aboutDevice(signer.id, { revokedAt, revocation })))
    const forgetful = await restarted(victim, { hasMemory: false })
    await expect(forgetful.acquire(shop)).rejects.toMatchObject({ code: 'CERTIFICATE_INVALID' })
    // Negative control: without the signed revocation it was not revoked yet.
    server().tamper(together(served, aboutDevice(signer.id, { revokedAt, revocation: null })))
    expect((await (await restarted(victim, { hasMemory: false })).acquire(shop)).id).toBe(id)
  })

  test('is not revoked by its own signature, or by that of an unknown key', async () => {
    const { victim, second } = await prepare()
    const { owner, managementKey: self } = await sessionOf(second)
    const nowSeconds = Math.floor(Date.now() / 1000)
    for (const managementKey of [self, await createManagementKey()]) {
      const revocation = await signManagementKeyRevocation(self.id, { owner, managementKey, nowSeconds })
      server().tamper(aboutDevice(self.id, { revocation }))
      expect((await victim.vault.account()).managementKeys).toHaveLength(2)
    }
  })

  test('because its management key was rotated, is missed by the renewed device and by others', async () => {
    const { victim, second } = await prepare()
    const before = victim.vault.managementKeyId
    await second.vault.account()
    await rotateManagementKey({ keystore: victim.keystore, pending: memoryRotationStore() })
    expect(sentRevocation('RevokeManagementKey')).toEqual(expect.any(String))
    server().tamper(aboutDevice(before, { revokedAt: null, revocation: null }))
    await expect((await restarted(victim)).account()).rejects.toMatchObject(rollback)
    server().tamper(aboutDevice(before, { revokedAt: null }))
    await expect(second.vault.account()).rejects.toMatchObject(rollback)
  })

  test('is missed on a machine that was recovered by the phrase alone', async () => {
    const { victim, second } = await prepare()
    const draft = await victim.vault.prepareRecovery()
    await draft.register()
    const { managementKeyId: id } = second.vault
    await victim.vault.revokeDevice(id)
    server().tamper(aboutDevice(id, { revokedAt: null }))
    const { url } = server()
    const recovery = await openRecovery({ url, owner: victim.owner, phrase: draft.words.join(' ') })
    const { vault } = await recovery.restore({ keystore: memoryKeystore() })
    await expect(vault.createKey(shop)).rejects.toMatchObject(rollback)
  })
})
