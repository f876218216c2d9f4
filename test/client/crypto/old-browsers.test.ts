import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  createVault,
  indexedDbKeystore,
  memoryKeystore,
  memoryRotationStore,
  openRecovery,
  requestPairing,
  rotateManagementKey,
} from '../../../client/index.ts'
import { generateManagementKey } from '../../../client/crypto/management-key.ts'
import { parseRecord, serializeRecord } from '../../../client/keystore/record-json.ts'
import { useWorld } from '../../support/world.ts'

/** Web Crypto as browsers had it before Ed25519 and X25519. */
function lack(...missing: readonly string[]): void {
  const { subtle } = crypto
  const generate = subtle.generateKey.bind(subtle)
  vi.spyOn(subtle, 'generateKey').mockImplementation((parameters, extractable, usages) => {
    const isMissing = missing.some((name) => JSON.stringify(parameters).includes(`"${name}"`))
    if (isMissing) return Promise.reject(new DOMException('No.', 'NotSupportedError'))
    return generate(parameters, extractable, [...usages])
  })
  const importKey = subtle.importKey.bind(subtle)
  vi.spyOn(subtle, 'importKey').mockImplementation((...args) => {
    const isMissing = missing.some((name) => JSON.stringify(args[2]).includes(`"${name}"`))
    if (isMissing) return Promise.reject(new DOMException('No.', 'NotSupportedError'))
    return importKey(...args)
  })
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('where the runtime has neither Ed25519 nor X25519', () => {
  const world = useWorld()

  test('a management key is P-256 throughout, and its keys are stored and acquired', async () => {
    lack('Ed25519', 'X25519')
    const vault = await createVault({
      url: world.url,
      owner: `owner-${randomUUID()}`,
      keystore: memoryKeystore(),
    })
    const { id } = await vault.createKey('https://shop.example', { algorithm: 'P-256' })
    const key = await vault.acquire({ id })
    expect(await key.sign(new Uint8Array(3))).toHaveLength(64)
  })

  test('a device is added, its key renewed, and all got back by a phrase: P-256 throughout', async () => {
    lack('Ed25519', 'X25519')
    const { url } = world
    const owner = `owner-${randomUUID()}`
    const keystore = memoryKeystore()
    const vault = await createVault({ url, owner, keystore })
    const { id } = await vault.createKey('https://shop.example', { algorithm: 'P-256' })
    const request = await requestPairing({ url, owner, keystore: memoryKeystore() })
    await vault.approveDevice(await vault.lookUpPairing(request.code))
    const second = await request.approved({ pollMs: 20 })
    expect((await second.acquire({ id })).id).toBe(id)
    const renewed = await rotateManagementKey({ keystore, pending: memoryRotationStore() })
    expect((await renewed.vault.acquire({ id })).id).toBe(id)

    const draft = await renewed.vault.prepareRecovery()
    await draft.register()
    const phrase = draft.words.join(' ')
    const restoring = { keystore: memoryKeystore() }
    const found = await openRecovery({ url, owner, phrase })
    expect(found).toMatchObject({ missing: [], restorable: 1 })
    const restored = await found.restore(restoring)
    expect((await restored.vault.acquire({ id })).id).toBe(id)
    // A machine that has everything opens it as well.
    vi.restoreAllMocks()
    expect(await openRecovery({ url, owner, phrase })).toMatchObject({ restorable: 1 })
  })

  test('a phrase that was made with Ed25519 is not called wrong, but not possible here', async () => {
    const { url } = world
    const owner = `owner-${randomUUID()}`
    const vault = await createVault({ url, owner, keystore: memoryKeystore() })
    const draft = await vault.prepareRecovery()
    await draft.register()
    lack('Ed25519')
    await expect(openRecovery({ url, owner, phrase: draft.words.join(' ') })).rejects.toMatchObject({
      code: 'RUNTIME_UNSUPPORTED',
      message: expect.stringContaining('Ed25519'),
    })
  })

  test('a record of P-256 keys is read again', async () => {
    lack('Ed25519', 'X25519')
    const key = await generateManagementKey({ extractable: true })
    expect(key.wrapping.privateKey.algorithm).toEqual({ name: 'ECDH', namedCurve: 'P-256' })
    const record = { ...key, url: 'https://keys.example', owner: 'alice' }
    expect((await parseRecord(await serializeRecord(record))).wrapping.privateKey.algorithm).toEqual(
      key.wrapping.privateKey.algorithm,
    )
  })

  test('what cannot be had is said before anything is made', async () => {
    lack('Ed25519', 'X25519')
    const keystore = memoryKeystore()
    const options = { url: world.url, owner: `owner-${randomUUID()}`, keystore }
    await expect(createVault({ ...options, signingAlgorithm: 'Ed25519' })).rejects.toMatchObject({
      code: 'RUNTIME_UNSUPPORTED',
      message: expect.stringContaining('Ed25519'),
    })
    expect(await keystore.load()).toBeNull()
    const vault = await createVault(options)
    await expect(vault.createKey('https://shop.example')).rejects.toMatchObject({
      code: 'RUNTIME_UNSUPPORTED',
      message: expect.stringContaining('Ed25519'),
    })
    expect(await vault.keys().toArray()).toEqual([])
  })
})

test('a runtime without IndexedDB is reported as such', async () => {
  // Another file of this worker may have installed fake-indexeddb.
  const installed = Object.getOwnPropertyDescriptor(globalThis, 'indexedDB')
  Reflect.deleteProperty(globalThis, 'indexedDB')
  onTestFinished(() => {
    if (installed !== undefined) Object.defineProperty(globalThis, 'indexedDB', installed)
  })
  expect(globalThis).not.toHaveProperty('indexedDB')
  const created = createVault({ url: 'http://localhost:1', owner: 'alice', keystore: indexedDbKeystore() })
  await expect(created).rejects.toMatchObject({
    code: 'RUNTIME_UNSUPPORTED',
    message: expect.stringContaining('IndexedDB'),
  })
})
