import { expect, test } from 'vitest'
import {
  createVault,
  memoryKeystore,
  memoryRotationStore,
  requestPairing,
  rotateManagementKey,
  type Vault,
} from '../../../../client/index.ts'
import { createVerifier, type VerifierOptions } from '../../../../client/verifier/create-verifier.ts'
import { protectHandler } from '../../../../client/verifier/middleware/fetch.ts'
import { newOwner, shop } from '../../../support/devices.ts'
import { useWorld } from '../../../support/world.ts'

const server = useWorld()

/** A shop that keeps pins of its customers in a table. */
function openShop(options: Partial<VerifierOptions> = {}) {
  const pins = new Map<string, string[]>()
  const verifier = createVerifier({
    url: server.url,
    applicationServer: shop,
    cacheSeconds: 0,
    certificates: { pinsOf: async (owner) => pins.get(owner) ?? null },
    ...options,
  })
  const visit = protectHandler(verifier, (_request, { owner, key }) => {
    if (key.certifiedBy !== null && !pins.has(owner)) pins.set(owner, key.certifiedBy.slice(-1))
    return Response.json(key.certifiedBy)
  })
  return {
    pins,
    verifier,
    statusOf: async ({ owner }: Vault, { publicKey }: { publicKey: unknown }) =>
      (await verifier.verify({ owner, publicKey })).status,
    visitBy: async (vault: Vault): Promise<unknown> => {
      const signer = vault.signer(shop, { fetch: async (input, init) => visit(new Request(input, init)) })
      return (await signer.fetch(shop)).json()
    },
  }
}

test('one pinned management key is enough for all later devices and their keys', async () => {
  const keystore = memoryKeystore()
  const laptop = await createVault({ url: server.url, owner: newOwner(), keystore })
  const site = openShop()
  site.pins.set(laptop.owner, [laptop.managementKeyId])
  expect(await site.statusOf(laptop, await laptop.createKey(shop))).toBe('valid')

  const request = await requestPairing({ url: server.url, owner: laptop.owner, keystore: memoryKeystore() })
  await laptop.approveDevice(await laptop.lookUpPairing(request.code))
  const phone = await request.approved({ pollMs: 20 })
  expect(await site.statusOf(phone, await phone.createKey(shop))).toBe('valid')

  const renewed = await rotateManagementKey({ keystore, pending: memoryRotationStore() })
  const { publicKey } = await renewed.vault.createKey(shop)
  expect(await site.verifier.verify({ owner: laptop.owner, publicKey })).toMatchObject({
    status: 'valid',
    certifiedBy: [renewed.vault.managementKeyId, laptop.managementKeyId],
  })
})

test('a customer is pinned at the first visit, and is recognized on another device', async () => {
  const laptop = await createVault({ url: server.url, owner: newOwner(), keystore: memoryKeystore() })
  await laptop.createKey(shop)
  const site = openShop({ signedAnswers: { jwks: 'fetch', issuer: server.origins[0] } })
  expect(await site.visitBy(laptop)).toEqual([laptop.managementKeyId])
  expect(site.pins.get(laptop.owner)).toEqual([laptop.managementKeyId])
  const request = await requestPairing({ url: server.url, owner: laptop.owner, keystore: memoryKeystore() })
  await laptop.approveDevice(await laptop.lookUpPairing(request.code))
  const phone = await request.approved({ pollMs: 20 })
  await phone.createKey(shop)
  expect(await site.visitBy(phone)).toEqual([phone.managementKeyId, laptop.managementKeyId])
})

test('a key that the key server stored in the name of an owner is refused where they are pinned', async () => {
  const owner = newOwner()
  const honest = await createVault({ url: server.url, owner, keystore: memoryKeystore() })
  const site = openShop()
  site.pins.set(owner, [honest.managementKeyId])
  // As a malicious key server could: another account's key, served in this owner's name.
  const thief = await createVault({ url: server.url, owner: newOwner(), keystore: memoryKeystore() })
  const { publicKey } = await thief.createKey(shop)
  const tampered = openShop({
    fetch: async (input, init) => {
      const body = init?.body instanceof Uint8Array ? new TextDecoder().decode(init.body) : ''
      return fetch(input, { ...init, body: body.replaceAll(owner, thief.owner) })
    },
  })
  tampered.pins.set(owner, [honest.managementKeyId])
  expect(await tampered.statusOf(honest, { publicKey })).toBe('uncertified')
  // Negative control: without pins it is accepted when the certificate does not contradict.
  tampered.pins.clear()
  expect(await tampered.statusOf(thief, { publicKey })).toBe('valid')
  expect(await site.statusOf(honest, { publicKey })).toBe('unknown-key')
})
