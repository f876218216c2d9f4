import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openVault } from '../../../client/index.ts'
import { fileKeystore } from '../../../client/node/index.ts'
import { aboutKeys, aboutManagementKeys } from './forgeries.ts'
import type { Data, Tampering } from './malicious-server.ts'
import {
  addDevice,
  createVictim,
  restarted,
  revokeManagementKey,
  shop,
  useMaliciousServer,
} from './victim.ts'

const { server } = useMaliciousServer()
const rollback = { name: 'VaultError', code: 'ROLLBACK' }

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'claviger-rollback-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

/** A victim who lowered a key's limit, and the tampering that serves the state before. */
async function prepare(keystore?: Parameters<typeof createVictim>[1]) {
  const victim = await createVictim(server(), keystore)
  const { id, certificate, maxUses } = await victim.vault.createKey(shop, { maxUses: 1000 })
  await victim.vault.updateKey(id, { maxUses: 3 })
  const tampering = aboutKeys((key) => Object.assign(key, { certificate, maxUses }))
  return { victim, id, tampering }
}

describe('an old certificate with the old description', () => {
  test('is accepted by a device without trust state', async () => {
    const { victim, id, tampering } = await prepare()
    server().tamper(tampering)
    const forgetful = await restarted(victim, { hasMemory: false })
    expect((await forgetful.acquire({ id })).description.maxUses).toBe(1000)
  })

  test('is refused by the device that has seen the new one', async () => {
    const { victim, id, tampering } = await prepare()
    server().tamper(tampering)
    await expect(victim.vault.acquire({ id })).rejects.toMatchObject(rollback)
    expect(await victim.vault.key(id)).toMatchObject({ trustError: 'ROLLBACK' })
    await expect(victim.vault.updateKey(id, { expiresAt: null })).rejects.toMatchObject(rollback)
  })

  test('is refused after a restart too, from the file beside the keystore', async () => {
    const path = join(directory, 'key.json')
    const { id, tampering } = await prepare(fileKeystore({ path, passphrase: 'correct horse' }))
    server().tamper(tampering)
    const reopened = await openVault({ keystore: fileKeystore({ path, passphrase: 'correct horse' }) })
    await expect(reopened.acquire({ id })).rejects.toMatchObject(rollback)
    // Negative control: without the file of the trust state the device accepts it.
    await rm(`${path}.trust`)
    const forgetful = await openVault({ keystore: fileKeystore({ path, passphrase: 'correct horse' }) })
    expect((await forgetful.acquire({ id })).id).toBe(id)
  })
})

describe('what a device has seen before', () => {
  test('is missed when a certificate is left out', async () => {
    const { victim, id } = await prepare()
    server().tamper(aboutKeys((key) => Object.assign(key, { certificate: null })))
    const acquired = victim.vault.acquire({ id }, { acceptUncertified: true })
    await expect(acquired).rejects.toMatchObject(rollback)
  })

  test('is missed when a key that this device revoked is active again', async () => {
    const { victim, id } = await prepare()
    const before = await victim.vault.key(id)
    await victim.vault.revokeKey(id)
    const { state, revokedAt, revocationReason } = before ?? {}
    const unrevoked = { state, revokedAt, revocationReason, revocation: null }
    server().tamper(aboutKeys((key) => Object.assign(key, unrevoked)))
    expect(await victim.vault.key(id)).toMatchObject({ state: 'ACTIVE', trustError: 'ROLLBACK' })
    const forgetful = await restarted(victim, { hasMemory: false })
    expect(await forgetful.key(id)).toMatchObject({ state: 'ACTIVE', trustError: null })
  })

  test('is missed when the key server only claims to have revoked', async () => {
    const { victim, id } = await prepare()
    server().tamper(aboutKeys((key) => Object.assign(key, { state: 'ACTIVE', revokedAt: null })))
    await expect(victim.vault.revokeKey(id)).rejects.toMatchObject({ code: 'ANSWER_MALFORMED' })
  })

  test('is missed when a management key is no longer listed', async () => {
    const { victim, tampering } = await withSecondDevice((keys) => void keys.pop())
    server().tamper(tampering)
    await expect(victim.vault.account()).rejects.toMatchObject(rollback)
    await expect(victim.vault.createKey(shop)).rejects.toMatchObject(rollback)
    await expect((await restarted(victim)).createKey(shop)).rejects.toMatchObject(rollback)
    const forgetful = await restarted(victim, { hasMemory: false })
    expect((await forgetful.createKey(shop)).wrappedFor).toEqual([victim.vault.managementKeyId])
  })

  test('is missed when a revoked management key is listed as active again', async () => {
    const { victim, second, tampering } = await withSecondDevice((keys) => {
      for (const key of keys) key['revokedAt'] = null
    })
    await revokeManagementKey(victim, second.vault.managementKeyId)
    expect((await victim.vault.account()).managementKeys).toHaveLength(1)
    server().tamper(tampering)
    await expect(victim.vault.createKey(shop)).rejects.toMatchObject(rollback)
  })
})

async function withSecondDevice(change: (keys: Data[]) => void) {
  const victim = await createVictim(server())
  const second = await addDevice(victim)
  const account = await victim.vault.account()
  expect(account.managementKeys.map(({ isTrusted }) => isTrusted)).toEqual([true, true])
  const tampering: Tampering = aboutManagementKeys(change)
  return { victim, second, tampering }
}
