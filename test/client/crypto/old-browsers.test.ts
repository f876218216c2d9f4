import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createVault, indexedDbKeystore, memoryKeystore } from '../../../client/index.ts'
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
