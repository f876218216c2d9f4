import { expect, test } from 'vitest'
import {
  createVault,
  memoryKeystore,
  openVault,
  requestPairing,
  type Keystore,
  type Vault,
} from '../../../client/index.ts'
import {
  bank,
  bytes,
  losing,
  newOwner,
  newVault,
  operationOf,
  shop,
  useWorld,
  type Fetch,
} from '../../support/devices.ts'

const world = useWorld()
const pollMs = 20

/** Pairs a new device the way its owner does. */
async function pair(
  vault: Vault,
  { keystore = memoryKeystore() }: { keystore?: Keystore } = {},
): Promise<Vault> {
  const request = await requestPairing({ url: world.url, owner: vault.owner, keystore, label: 'Phone' })
  const pairing = await vault.lookUpPairing(request.code)
  expect(pairing.words).toEqual(request.words)
  await vault.approveDevice(pairing)
  return request.approved({ pollMs })
}

test('a paired device opens the keys that were there before, and each sees what the other makes', async () => {
  const laptop = await newVault(world.url)
  const old = await laptop.createKey(shop, { algorithm: 'A256GCM' })
  const sealed = await (await laptop.acquire({ id: old.id })).encrypt(bytes)
  const phone = await pair(laptop)
  expect(phone.owner).toBe(laptop.owner)
  expect(await (await phone.acquire({ id: old.id })).decrypt(sealed)).toEqual(bytes)
  const byPhone = await phone.createKey(bank)
  const byLaptop = await laptop.createKey(bank)
  expect((await laptop.acquire({ id: byPhone.id })).thumbprint).toBe(byPhone.thumbprint)
  expect((await phone.acquire({ id: byLaptop.id })).thumbprint).toBe(byLaptop.thumbprint)
  const { managementKeys } = await laptop.account()
  expect(managementKeys.map(({ label, isTrusted }) => [label, isTrusted])).toEqual([
    ['Device', true],
    ['Phone', true],
  ])
})

test('a device that a paired device approved trusts the first one, and the first one trusts it', async () => {
  const laptop = await newVault(world.url)
  const phone = await pair(laptop)
  const tablet = await pair(phone)
  const { id } = await laptop.createKey(shop)
  await tablet.acquire({ id })
  const other = await tablet.createKey(shop)
  await laptop.acquire({ id: other.id })
})

test('a request shows six words, a code, and a QR code for a terminal', async () => {
  const { owner } = await newVault(world.url)
  const request = await requestPairing({ url: world.url, owner, keystore: memoryKeystore() })
  expect(request.words).toHaveLength(6)
  expect(request.words.every((word) => /^[a-z]{3,8}$/.test(word))).toBe(true)
  expect(request.code).toMatch(/^CV1-[\w-]{64}$/)
  expect(request.qr.split('\n').length).toBeGreaterThan(10)
  expect(Math.abs(request.expiresAt.getTime() - Date.now() - 600_000)).toBeLessThan(30_000)
})

test(
  '250 keys are rewrapped, the first hundred with the device, and revoked ones are left out',
  { timeout: 90_000 },
  async () => {
    const laptop = await newVault(world.url)
    const ids: string[] = []
    for (let made = 0; made < 250; made += 50) {
      const some = await Promise.all(Array.from({ length: 50 }, () => laptop.createKey(shop)))
      ids.push(...some.map(({ id }) => id))
    }
    await laptop.revokeKey(ids[7] ?? '')
    const keystore = memoryKeystore()
    const request = await requestPairing({ url: world.url, owner: laptop.owner, keystore })
    const seen: number[] = []
    const report = await laptop.approveDevice(await laptop.lookUpPairing(request.code), {
      onProgress: ({ done }) => seen.push(done),
    })
    expect(report).toMatchObject({ rewrapped: 249, skipped: [] })
    expect(seen.at(-1)).toBe(149)
    const phone = await request.approved({ pollMs })
    const all = await phone.keys().toArray()
    expect(all.filter(({ wrappedFor }) => wrappedFor.includes(phone.managementKeyId))).toHaveLength(249)
  },
)

test.each(['AddManagementKey', 'AnswerPairing', 'RewrapTransactionKeys'])(
  'an approval whose answers to %s are lost is finished by repeating it',
  async (operation) => {
    const keystore = memoryKeystore()
    const laptop = await createVault({ url: world.url, owner: newOwner(), keystore })
    const { id } = await laptop.createKey(shop)
    const request = await requestPairing({ url: world.url, owner: laptop.owner, keystore: memoryKeystore() })
    const pairing = await laptop.lookUpPairing(request.code)
    const unlucky = await openVault({ keystore, fetch: losing(operation, 3) })
    await unlucky.approveDevice(pairing).catch(() => undefined)
    await laptop.approveDevice(pairing)
    await (await request.approved({ pollMs })).acquire({ id })
  },
)

test('a device that died before it saw its approval asks again with the same key', async () => {
  const laptop = await newVault(world.url)
  const keystore = memoryKeystore()
  const options = { url: world.url, owner: laptop.owner, keystore }
  const first = await requestPairing(options)
  await laptop.approveDevice(await laptop.lookUpPairing(first.code))
  const second = await requestPairing(options)
  expect(second.managementKeyId).toBe(first.managementKeyId)
  await laptop.approveDevice(await laptop.lookUpPairing(second.code))
  await laptop.createKey(shop)
  await (await second.approved({ pollMs })).acquire(shop)
})

test('a keystore in use is not taken for a new device', async () => {
  const keystore = memoryKeystore()
  const { owner } = await createVault({ url: world.url, owner: newOwner(), keystore })
  const occupied = { code: 'KEYSTORE_OCCUPIED' }
  await expect(requestPairing({ url: world.url, owner, keystore })).rejects.toMatchObject(occupied)
  await expect(requestPairing({ url: world.url, owner: newOwner(), keystore })).rejects.toMatchObject(
    occupied,
  )
})

test('a code is for the account that the new device named', async () => {
  const [alice, bob] = [await newVault(world.url), await newVault(world.url)]
  const request = await requestPairing({ url: world.url, owner: alice.owner, keystore: memoryKeystore() })
  await expect(bob.lookUpPairing(request.code)).rejects.toMatchObject({ code: 'PAIRING_FORGED' })
})

test.each(['', 'CV1-', 'CV2-AAAA', `CV1-${'A'.repeat(63)}`])('%j is no code', async (code) => {
  const vault = await newVault(world.url)
  await expect(vault.lookUpPairing(code)).rejects.toMatchObject({ code: 'PAIRING_CODE_INVALID' })
})

test('a code that nobody shows, and one that was used, find nothing', async () => {
  const vault = await newVault(world.url)
  await expect(vault.lookUpPairing(`CV1-${'A'.repeat(64)}`)).rejects.toMatchObject({ code: 'PAIRING_GONE' })
  const request = await requestPairing({ url: world.url, owner: vault.owner, keystore: memoryKeystore() })
  await vault.approveDevice(await vault.lookUpPairing(request.code))
  await request.approved({ pollMs })
  await expect(vault.lookUpPairing(request.code)).rejects.toMatchObject({ code: 'PAIRING_GONE' })
})

test('a revoked device is refused, and the others go on', async () => {
  const laptop = await newVault(world.url)
  const phone = await pair(laptop)
  await laptop.revokeDevice(phone.managementKeyId)
  await expect(phone.createKey(shop)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  const { id } = await laptop.createKey(shop)
  await laptop.acquire({ id })
})

test('neither the secret of the code nor anything but public keys passes the key server', async () => {
  const sent: string[] = []
  const recording: Fetch = async (input, init) => {
    if (init?.body instanceof Uint8Array) sent.push(new TextDecoder().decode(init.body))
    const response = await fetch(input, init)
    sent.push(await response.clone().text())
    return response
  }
  const laptop = await newVault(world.url, { fetch: recording })
  const request = await requestPairing({
    url: world.url,
    owner: laptop.owner,
    keystore: memoryKeystore(),
    fetch: recording,
    label: 'Secret label',
  })
  await laptop.lookUpPairing(request.code)
  const secret = Buffer.from(request.code.slice(4), 'base64url').subarray(32)
  expect(sent.map((text) => operationOf({ body: new TextEncoder().encode(text) }))).toContain('OpenPairing')
  for (const encoding of ['base64url', 'hex', 'base64'] as const) {
    expect(sent.join('\n')).not.toContain(secret.toString(encoding))
  }
  expect(sent.join('\n')).not.toContain(request.code)
  expect(sent.join('\n')).not.toContain('Secret label')
})
