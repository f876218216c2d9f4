import { expect, test } from 'vitest'
import {
  createVault,
  memoryKeystore,
  memoryRotationStore,
  openVault,
  requestPairing,
  rotateManagementKey,
  type Keystore,
  type ManagementKeyRecord,
  type RotationStore,
} from '../../../client/index.ts'
import { openWrappedKeys } from '../../../client/rotation/open-wrapped-keys.ts'
import { readKeyPage } from '../../../client/keys/list.ts'
import { openSession } from '../../../client/trust/session.ts'
import { bank, newOwner, shop, useWorld, type Fetch } from '../../support/devices.ts'

const world = useWorld()

async function newDevice({ keyCount }: { keyCount: number }) {
  const keystore = memoryKeystore()
  const vault = await createVault({ url: world.url, owner: newOwner(), keystore, label: 'Laptop' })
  const ids: string[] = []
  while (ids.length < keyCount) {
    const count = Math.min(50, keyCount - ids.length)
    const some = await Promise.all(Array.from({ length: count }, () => vault.createKey(shop)))
    ids.push(...some.map(({ id }) => id))
  }
  return { keystore, vault, ids }
}

/** Ids of the keys that a management key can open; none when it is not active. */
async function openableWith(record: ManagementKeyRecord | null): Promise<string[]> {
  if (record === null) return []
  const session = openSession(record, {})
  const opened: string[] = []
  let after: string | null = null
  do {
    const page: Awaited<ReturnType<typeof readKeyPage>> | null = await readKeyPage(session, {
      after,
      first: 100,
    }).catch(() => null)
    if (page === null) return []
    const held = page.items.filter(({ wrappedFor }) => wrappedFor.includes(record.id))
    opened.push(...(await openWrappedKeys(session, held, 'REWRAP')).opened.map(({ key }) => key.id))
    after = page.next
  } while (after !== null)
  return opened
}

test('a rotated management key opens everything, and the old one nothing', async () => {
  const { keystore, vault, ids } = await newDevice({ keyCount: 3 })
  const old = await keystore.load()
  const seen: number[] = []
  const pending = memoryRotationStore()
  const rotated = await rotateManagementKey({
    keystore,
    pending,
    onProgress: ({ total }) => seen.push(total),
  })
  expect(rotated.report).toEqual({ rewrapped: 3, skipped: [] })
  expect(seen.length).toBeGreaterThan(0)
  expect(rotated.vault.managementKeyId).not.toBe(vault.managementKeyId)
  expect((await keystore.load())?.id).toBe(rotated.vault.managementKeyId)
  expect(await pending.load()).toBeNull()
  for (const id of ids) await rotated.vault.acquire({ id })
  expect((await rotated.vault.account()).managementKeys).toMatchObject([{ label: 'Laptop', isTrusted: true }])
  expect(await openableWith(old)).toEqual([])
})

test('other devices still trust a device whose key was rotated, twice', async () => {
  const { keystore, vault } = await newDevice({ keyCount: 1 })
  const phoneKeystore = memoryKeystore()
  const request = await requestPairing({ url: world.url, owner: vault.owner, keystore: phoneKeystore })
  await vault.approveDevice(await vault.lookUpPairing(request.code))
  const phone = await request.approved({ pollMs: 20 })
  for (let round = 0; round < 2; round += 1) {
    const { vault: rotated } = await rotateManagementKey({ keystore, pending: memoryRotationStore() })
    const { id } = await rotated.createKey(bank)
    await phone.acquire({ id })
    const byPhone = await phone.createKey(bank)
    await rotated.acquire({ id: byPhone.id })
  }
  await rotateManagementKey({ keystore: phoneKeystore, pending: memoryRotationStore() })
  const laptop = await openVault({ keystore })
  const { id } = await laptop.createKey(shop)
  await (await openVault({ keystore: phoneKeystore })).acquire({ id })
})

test(
  'whenever the process dies, before or after a request had its effect, each of 120 keys can be opened, and the work goes on',
  { timeout: 120_000 },
  async () => {
    const { keystore, ids } = await newDevice({ keyCount: 120 })
    const pending = memoryRotationStore()
    const old = await keystore.load()
    let deaths = 0
    for (;;) {
      let left = 1 + 2 * deaths
      const hasEffect = deaths % 2 === 1
      const dying: Fetch = async (input, init) => {
        left -= 1
        if (left > 0) return fetch(input, init)
        if (left === 0 && hasEffect) await fetch(input, init)
        throw new TypeError('The process died.')
      }
      const outcome = await rotateManagementKey({ keystore, pending, fetch: dying }).catch(() => null)
      const held = [await keystore.load(), await pending.load()]
      const openable = new Set((await Promise.all(held.map(openableWith))).flat())
      expect(openable.size).toBe(ids.length)
      if (outcome !== null) break
      deaths += 1
      expect(deaths).toBeLessThan(40)
    }
    expect(deaths).toBeGreaterThan(4)
    expect(await openableWith(old)).toEqual([])
    expect(await openableWith(await keystore.load())).toHaveLength(ids.length)
  },
)

test.each(['pending.save', 'keystore.save', 'pending.clear'])(
  'a crash at %s is gone on from',
  async (step) => {
    const { keystore, ids } = await newDevice({ keyCount: 3 })
    const pending = memoryRotationStore()
    const crash = () => Promise.reject(new Error('The process died.'))
    const dyingKeystore: Keystore = step === 'keystore.save' ? { ...keystore, save: crash } : keystore
    const dyingPending: RotationStore = {
      ...pending,
      ...(step === 'pending.save' && { save: crash }),
      ...(step === 'pending.clear' && { clear: crash }),
    }
    await expect(rotateManagementKey({ keystore: dyingKeystore, pending: dyingPending })).rejects.toThrow(
      'died',
    )
    expect(await openableWith(await keystore.load())).toHaveLength(ids.length)
    await rotateManagementKey({ keystore, pending })
    expect(await openableWith(await keystore.load())).toHaveLength(ids.length)
    expect((await (await openVault({ keystore })).account()).managementKeys).toHaveLength(1)
  },
)

test('a new key that waits for another management key is left alone', async () => {
  const [one, other] = [await newDevice({ keyCount: 0 }), await newDevice({ keyCount: 0 })]
  const pending = memoryRotationStore()
  const record = await other.keystore.load()
  if (record === null) throw new TypeError('It was just made.')
  await pending.save(record)
  await expect(rotateManagementKey({ keystore: one.keystore, pending })).rejects.toMatchObject({
    code: 'KEYSTORE_OCCUPIED',
  })
})
