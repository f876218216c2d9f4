import 'fake-indexeddb/auto'
import { randomUUID } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { indexedDbKeystore, memoryKeystore, type Keystore } from '../../../client/index.ts'
import { generateManagementKey } from '../../../client/crypto/management-key.ts'
import { fileKeystore } from '../../../client/node/index.ts'
import {
  memoryTrustStore,
  trustStateKeysMax,
  type TrustStore,
  type TrustState,
} from '../../../client/keystore/trust-store.ts'
import { RollbackGuard } from '../../../client/trust/rollback-guard.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'claviger-trust-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const newPath = () => join(directory, randomUUID(), 'key.json')

const record: TrustState = {
  v: 1,
  managementKeyId: 'me',
  transactionKeys: [{ id: 'a', iat: 5, isRevoked: false }],
  managementKeys: [
    { id: 'me', revokedAt: null },
    { id: 'other', revokedAt: 7 },
  ],
}

function trustStoreOf({ trustStore }: Keystore): TrustStore {
  if (trustStore === undefined) throw new Error('This keystore has no trust store.')
  return trustStore
}

const keystores: readonly { readonly name: string; readonly create: () => Keystore }[] = [
  { name: 'in memory', create: () => memoryKeystore() },
  { name: 'in a file', create: () => fileKeystore({ path: newPath() }) },
  { name: 'in IndexedDB', create: () => indexedDbKeystore({ name: randomUUID() }) },
]

describe.each(keystores)('the trust state of a keystore $name', ({ create }) => {
  test('is empty at first, and then what was saved last', async () => {
    const trustStore = trustStoreOf(create())
    expect(await trustStore.load()).toBeNull()
    await trustStore.save(record)
    expect(await trustStore.load()).toEqual(record)
    await trustStore.save({ ...record, transactionKeys: [] })
    expect(await trustStore.load()).toEqual({ ...record, transactionKeys: [] })
  })

  test('does not occupy the keystore', async () => {
    const keystore = create()
    await trustStoreOf(keystore).save(record)
    expect(await keystore.load()).toBeNull()
  })
})

test.each(keystores)('the anchors of a management key are kept $name', async ({ create }) => {
  const keystore = create()
  const { extractable } = keystore
  const managementKey = await generateManagementKey({ signingAlgorithm: 'Ed25519', extractable })
  const kept = { ...managementKey, url: 'https://keys.example', owner: 'alice' }
  await keystore.save(kept)
  expect((await keystore.load())?.anchors ?? []).toEqual([])
  await keystore.save({ ...kept, anchors: [managementKey.id] })
  expect(await keystore.load()).toMatchObject({ id: managementKey.id, anchors: [managementKey.id] })
})

describe('the file of a trust store', () => {
  test('is beside the keystore, readable by its owner alone, and leaves nothing else behind', async () => {
    const path = newPath()
    const trustStore = trustStoreOf(fileKeystore({ path }))
    await trustStore.save(record)
    await trustStore.save(record)
    expect((await stat(`${path}.trust`)).mode & 0o777).toBe(0o600)
    expect(await readdir(join(path, '..'))).toEqual(['key.json.trust'])
  })

  test('that other users can read is not used', async () => {
    const path = newPath()
    const trustStore = trustStoreOf(fileKeystore({ path }))
    await trustStore.save(record)
    await chmod(`${path}.trust`, 0o644)
    await expect(trustStore.load()).rejects.toMatchObject({ code: 'KEYSTORE_EXPOSED' })
  })

  test.each(['', 'null', '[]', '{"v":2}', '{"v":1,"managementKeyId":"me"}', '{"v":1'])(
    'that is damaged does not pass for an empty one: %s',
    async (text) => {
      const path = newPath()
      const trustStore = trustStoreOf(fileKeystore({ path }))
      await trustStore.save(record)
      await writeFile(`${path}.trust`, text)
      await expect(trustStore.load()).rejects.toMatchObject({ code: 'KEYSTORE_UNREADABLE' })
    },
  )

  test('holds a full trust state', async () => {
    const path = newPath()
    const guard = new RollbackGuard('me', trustStoreOf(fileKeystore({ path })))
    await guard.load()
    for (let count = 0; count < trustStateKeysMax; count += 1) {
      const id = randomUUID()
      guard.recordTransactionKey({ id, iat: 253_402_300_799, isRevoked: false })
      guard.recordManagementKey({ id: `${id}-${'x'.repeat(6)}`, revokedAt: 253_402_300_799 })
    }
    await guard.flush()
    expect((await readFile(`${path}.trust`)).length).toBeGreaterThan(500_000)
    expect((await trustStoreOf(fileKeystore({ path })).load())?.transactionKeys).toHaveLength(
      trustStateKeysMax,
    )
  })
})

describe('a rollback guard', () => {
  const open = async (trustStore: TrustStore, id = 'me') => {
    const guard = new RollbackGuard(id, trustStore)
    await guard.load()
    return guard
  }

  test('keeps the newest state that it has seen, and every revocation', async () => {
    const trustStore = memoryTrustStore()
    const one = await open(trustStore)
    one.recordTransactionKey({ id: 'a', iat: 9, isRevoked: true })
    one.recordTransactionKey({ id: 'a', iat: 4, isRevoked: false })
    one.recordManagementKey({ id: 'b', revokedAt: 3 })
    one.recordManagementKey({ id: 'b', revokedAt: null })
    await one.flush()
    const again = await open(trustStore)
    expect(again.transactionKey('a')).toEqual({ id: 'a', iat: 9, isRevoked: true })
    expect(again.managementKeys.get('b')).toBe(3)
  })

  test('merges what another process has seen meanwhile', async () => {
    const trustStore = memoryTrustStore()
    const [one, two] = [await open(trustStore), await open(trustStore)]
    one.recordTransactionKey({ id: 'a', iat: 9, isRevoked: false })
    two.recordTransactionKey({ id: 'a', iat: 4, isRevoked: true })
    two.recordTransactionKey({ id: 'b', iat: 1, isRevoked: false })
    await one.flush()
    await two.flush()
    const again = await open(trustStore)
    expect(again.transactionKey('a')).toEqual({ id: 'a', iat: 9, isRevoked: true })
    expect(again.transactionKey('b')).toMatchObject({ iat: 1 })
  })

  test("ignores another management key's trust state", async () => {
    const trustStore = memoryTrustStore()
    const one = await open(trustStore)
    one.recordTransactionKey({ id: 'a', iat: 9, isRevoked: false })
    await one.flush()
    expect((await open(trustStore, 'another')).transactionKey('a')).toBeNull()
  })

  test('continues with that of the management key which this one has replaced', async () => {
    const trustStore = memoryTrustStore()
    const one = await open(trustStore)
    one.recordTransactionKey({ id: 'a', iat: 9, isRevoked: false })
    await one.flush()
    const next = new RollbackGuard('next', trustStore, { predecessors: ['me'] })
    await next.load()
    expect(next.transactionKey('a')).toMatchObject({ iat: 9 })
    next.recordTransactionKey({ id: 'b', iat: 1, isRevoked: false })
    await next.flush()
    const kept = await trustStore.load()
    expect(kept?.managementKeyId).toBe('next')
    expect(kept?.transactionKeys.map(({ id }) => id)).toEqual(['a', 'b'])
  })

  test('writes only when there is something new', async () => {
    let writes = 0
    const kept = memoryTrustStore()
    const trustStore: TrustStore = {
      load: () => kept.load(),
      save: (next) => {
        writes += 1
        return kept.save(next)
      },
    }
    const one = await open(trustStore)
    await one.flush()
    expect(writes).toBe(0)
    for (let count = 0; count < 3; count += 1) {
      one.recordTransactionKey({ id: 'a', iat: 9, isRevoked: false })
      await one.flush()
    }
    expect(writes).toBe(1)
  })

  test('tries again to write what could not be written', async () => {
    let isFull = true
    const kept = memoryTrustStore()
    const trustStore: TrustStore = {
      load: () => kept.load(),
      save: (next) => (isFull ? Promise.reject(new Error('No space left.')) : kept.save(next)),
    }
    const one = await open(trustStore)
    one.recordTransactionKey({ id: 'a', iat: 9, isRevoked: false })
    await expect(one.flush()).rejects.toThrow()
    isFull = false
    await one.flush()
    expect((await kept.load())?.transactionKeys).toEqual([{ id: 'a', iat: 9, isRevoked: false }])
  })

  test('is bounded: beyond it the least recently seen keys are dropped', async () => {
    const one = await open(memoryTrustStore())
    for (let count = 0; count <= trustStateKeysMax; count += 1) {
      one.recordTransactionKey({ id: String(count), iat: 1, isRevoked: false })
      if (count === trustStateKeysMax - 1) one.recordTransactionKey({ id: '0', iat: 1, isRevoked: false })
    }
    expect(one.transactionKey('0')).not.toBeNull()
    expect(one.transactionKey('1')).toBeNull()
    expect(one.transactionKey(String(trustStateKeysMax))).not.toBeNull()
  })
})
