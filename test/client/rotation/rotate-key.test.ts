import { expect, test } from 'vitest'
import { createVault, memoryKeystore, openVault, verifyPublicKey } from '../../../client/index.ts'
import { losing, newOwner, newVault, operationOf, shop, useWorld, type Fetch } from '../../support/devices.ts'

const world = useWorld()
const dayMs = 24 * 60 * 60 * 1000

test('a rotated key has a successor with its terms, and is revoked as superseded', async () => {
  const vault = await newVault(world.url)
  const old = await vault.createKey(shop, {
    algorithm: 'P-256',
    label: 'Shop',
    expiresAt: new Date(Date.now() + 90 * dayMs),
    maxUses: 7,
    overusePolicy: 'REFUSE',
  })
  const successor = await vault.rotateKey(old.id)
  expect(successor).toMatchObject({
    applicationServer: shop,
    label: 'Shop',
    state: 'ACTIVE',
    maxUses: 7,
    useCount: 0,
    overusePolicy: 'REFUSE',
    publicKey: { crv: 'P-256' },
  })
  expect(successor.id).not.toBe(old.id)
  expect(successor.thumbprint).not.toBe(old.thumbprint)
  expect(Math.abs(Number(successor.expiresAt) - Date.now() - 90 * dayMs)).toBeLessThan(60_000)
  expect(await vault.key(old.id)).toMatchObject({ state: 'REVOKED', revocationReason: 'SUPERSEDED' })
  expect((await vault.acquire(shop)).id).toBe(successor.id)
})

test('given terms are those of the successor, and an undefined member changes nothing', async () => {
  const vault = await newVault(world.url)
  const old = await vault.createKey(shop, { label: 'Shop', maxUses: 7, overusePolicy: 'REFUSE' })
  const expiresAt = new Date('2099-01-01T00:00:00Z')
  const successor = await vault.rotateKey(old.id, { label: undefined, maxUses: undefined, expiresAt })
  expect(successor).toMatchObject({ label: 'Shop', maxUses: 7, overusePolicy: 'REFUSE', expiresAt })
})

test.each(['Ed25519', 'X25519', 'A256GCM'] as const)(
  'a successor has the algorithm: %s',
  async (algorithm) => {
    const vault = await newVault(world.url)
    const { id } = await vault.createKey(shop, { algorithm })
    await vault.rotateKey(id)
    expect((await vault.acquire(shop)).algorithm).toBe(algorithm)
  },
)

test('an application server that verifies all the time always finds a valid key', async () => {
  const vault = await newVault(world.url)
  let current = await vault.createKey(shop)
  for (let round = 0; round < 5; round += 1) {
    const state = { isDone: false }
    const rotation = vault.rotateKey(current.id).finally(() => (state.isDone = true))
    const seen: boolean[] = []
    while (!state.isDone) {
      const active = await vault.keys({ applicationServer: shop, state: 'ACTIVE' }).toArray()
      seen.push(active.length > 0)
    }
    expect(seen).not.toContain(false)
    current = await rotation
  }
  const query = { owner: vault.owner, applicationServer: shop, publicKey: current.publicKey }
  expect(await verifyPublicKey({ url: world.url, ...query })).toMatchObject({ valid: true })
})

test('both steps are one signed request', async () => {
  const requests: string[] = []
  const counting: Fetch = async (input, init) => {
    requests.push(operationOf(init))
    return fetch(input, init)
  }
  const vault = await newVault(world.url, { fetch: counting })
  const { id } = await vault.createKey(shop)
  requests.length = 0
  await vault.rotateKey(id)
  expect(requests.filter((name) => !/^TransactionKey$|^Account/.test(name))).toEqual([
    'SupersedeTransactionKey',
  ])
})

test('rotating again, also after every answer was lost, means the same successor', async () => {
  const keystore = memoryKeystore()
  const owner = newOwner()
  const vault = await createVault({ url: world.url, owner, keystore })
  const { id } = await vault.createKey(shop)
  const unlucky = await openVault({ keystore, fetch: losing('SupersedeTransactionKey', 3) })
  await expect(unlucky.rotateKey(id)).rejects.toMatchObject({ code: 'NETWORK' })
  const successor = await vault.rotateKey(id)
  expect((await vault.rotateKey(id)).id).toBe(successor.id)
  expect(await vault.keys().toArray()).toHaveLength(2)
  await vault.acquire({ id: successor.id })
})

test('two devices that rotate at once agree on one successor', async () => {
  const keystore = memoryKeystore()
  const vault = await createVault({ url: world.url, owner: newOwner(), keystore })
  const { id } = await vault.createKey(shop)
  const again = await openVault({ keystore })
  const [one, other] = await Promise.all([vault.rotateKey(id), again.rotateKey(id)])
  expect(one.id).toBe(other.id)
  expect(one.thumbprint).toBe(other.thumbprint)
})

test('a successor that is refused leaves the old key as it is', async () => {
  const vault = await newVault(world.url)
  const { id } = await vault.createKey(shop)
  await expect(vault.rotateKey(id, { label: 'x'.repeat(300) })).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
  })
  expect(await vault.key(id)).toMatchObject({ state: 'ACTIVE' })
})

test('a key that was revoked for another reason has no successor, and an unknown one neither', async () => {
  const vault = await newVault(world.url)
  const { id } = await vault.createKey(shop)
  await vault.revokeKey(id, { reason: 'COMPROMISED' })
  await expect(vault.rotateKey(id)).rejects.toMatchObject({ code: 'KEY_REVOKED' })
  await expect(vault.rotateKey(crypto.randomUUID())).rejects.toMatchObject({ code: 'NOT_FOUND' })
})
