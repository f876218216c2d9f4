import { expect, test } from 'vitest'
import { memoryKeystore, openVault, requestPairing, type Vault } from '../../../client/index.ts'
import { bank, newVault, shop, useWorld } from '../../support/devices.ts'

const world = useWorld()

/** A viewer of a vault's account, paired the way its owner does. */
async function addViewer(vault: Vault, keystore = memoryKeystore()): Promise<Vault> {
  const kind = 'VIEWER'
  const request = await requestPairing({ url: world.url, owner: vault.owner, keystore, label: 'Wall', kind })
  const pairing = await vault.lookUpPairing(request.code)
  expect(pairing).toMatchObject({ kind, wrappingKey: null, words: request.words })
  expect(await vault.approveDevice(pairing)).toMatchObject({ rewrapped: 0, skipped: [] })
  return request.approved({ pollMs: 20 })
}

test('a device that is paired as a VIEWER reads keys with what is to be thought of them, and is shown as one', async () => {
  const vault = await newVault(world.url)
  const key = await vault.createKey(shop)
  const keystore = memoryKeystore()
  const viewer = await addViewer(vault, keystore)
  expect(viewer.kind).toBe('VIEWER')
  expect((await openVault({ keystore })).kind).toBe('VIEWER')
  expect(await viewer.key(key.id)).toMatchObject({ id: key.id, trustError: null })
  for (const reader of [vault, viewer]) {
    const { managementKeys } = await reader.account()
    expect(managementKeys.map(({ label, kind, isTrusted }) => [label, kind, isTrusted])).toEqual([
      ['Device', 'DEVICE', true],
      ['Wall', 'VIEWER', true],
    ])
  }
})

test('keys that are made beside a VIEWER are wrapped for the devices alone', async () => {
  const vault = await newVault(world.url)
  const viewer = await addViewer(vault)
  const { id, wrappedFor } = await vault.createKey(bank)
  expect(wrappedFor).toEqual([vault.managementKeyId])
  await vault.acquire({ id })
  await expect(viewer.acquire({ id })).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

test('a VIEWER follows and acknowledges alerts', async () => {
  const vault = await newVault(world.url)
  const viewer = await addViewer(vault)
  const { id } = await vault.createKey(shop)
  await vault.revokeKey(id)
  const { alerts } = await viewer.alertHistory({ last: 1 })
  expect(alerts).toMatchObject([{ kind: 'KEY_REVOKED' }])
  expect(await viewer.acknowledgeAlerts(alerts[0]?.cursor ?? '')).toBeGreaterThan(0)
})

test('a symmetrically wrapping device, which can share no key, can have a VIEWER', async () => {
  const vault = await newVault(world.url, { wrapping: 'symmetric' })
  await vault.createKey(shop)
  const viewer = await addViewer(vault)
  expect((await viewer.keys().toArray()).map(({ trustError }) => trustError)).toEqual([null])
})

test('a keystore whose key was to be a device is not paired as a VIEWER', async () => {
  const { owner } = await newVault(world.url)
  const asked = { url: world.url, owner, keystore: memoryKeystore() }
  await requestPairing(asked)
  await expect(requestPairing({ ...asked, kind: 'VIEWER' })).rejects.toMatchObject({
    code: 'KEYSTORE_OCCUPIED',
  })
})
