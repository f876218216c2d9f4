import 'fake-indexeddb/auto'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createVault,
  indexedDbKeystore,
  memoryKeystore,
  openVault,
  type ConnectionOptions,
  type Keystore,
} from '../../../client/index.ts'
import { generateManagementKey } from '../../../client/crypto/management-key.ts'
import { generateSecret } from '../../../client/crypto/transaction-key.ts'
import { unwrap, wrapForAll } from '../../../client/crypto/wrap.ts'
import { fileKeystore } from '../../../client/node/index.ts'
import { parseWrappedKeyHeader } from '../../../schema/wire/keys/jwe.ts'
import { addDevice } from '../../security/malicious-server/victim.ts'
import { useWorld } from '../../support/world.ts'

const shop = 'https://shop.example'
const bound = { id: '6f1b2c3d-0000-4000-8000-000000000001', applicationServer: shop }

const server = useWorld()
let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'claviger-symmetric-'))
})
afterAll(async () => {
  await rm(directory, { recursive: true, force: true })
})

const newOwner = () => `owner-${randomUUID()}`

const keystores: readonly { readonly name: string; readonly create: () => Keystore }[] = [
  { name: 'in memory', create: () => memoryKeystore() },
  { name: 'in a file', create: () => fileKeystore({ path: join(directory, randomUUID()) }) },
  { name: 'in IndexedDB', create: () => indexedDbKeystore({ name: randomUUID() }) },
]

async function createSymmetric(keystore: Keystore = memoryKeystore()) {
  const bodies: string[] = []
  const listen: ConnectionOptions['fetch'] = async (input, init) => {
    bodies.push(new TextDecoder().decode(init?.body instanceof Uint8Array ? init.body : undefined))
    return fetch(input, init)
  }
  const options = { url: server.url, owner: newOwner(), keystore, fetch: listen }
  return { vault: await createVault({ ...options, wrapping: 'symmetric' }), keystore, bodies }
}

describe('a vault that wraps symmetrically', () => {
  test.each(keystores)('gets its keys back, also after a restart: $name', async ({ create }) => {
    const { vault, keystore } = await createSymmetric(create())
    const created = await vault.createKey(shop)
    expect(created.wrappedFor).toEqual([vault.managementKeyId])
    const reopened = await openVault({ keystore })
    expect(await reopened.acquire(shop)).toMatchObject({ id: created.id, thumbprint: created.thumbprint })
    await expect(reopened.rotateKey(created.id)).resolves.toMatchObject({ state: 'ACTIVE' })
  })

  test('sends the key server no wrapping key, and nothing that is wrapped for one', async () => {
    const { vault, bodies } = await createSymmetric()
    await vault.createKey(shop)
    const { managementKeys } = await vault.account()
    expect(managementKeys).toMatchObject([{ wrappingKey: null, isTrusted: true }])
    const sent = bodies.join('\n')
    expect(sent).not.toContain('X25519')
    const [jwe = ''] = /eyJ[\w-]+(\.[\w-]+){4}/.exec(sent) ?? []
    expect(parseWrappedKeyHeader(jwe)).toMatchObject({ alg: 'A256KW', enc: 'A256GCM' })
    expect(sent).not.toContain('epk')
    // Negative control: the other kind of vault sends both.
    const other = memoryKeystore()
    const plain = await createVault({ url: server.url, owner: newOwner(), keystore: other })
    expect((await plain.account()).managementKeys).toMatchObject([{ wrappingKey: { crv: 'X25519' } }])
  })

  test('makes no recovery phrase: keys wrapped for it would be weaker', async () => {
    const { vault } = await createSymmetric()
    await vault.createKey(shop)
    const draft = await vault.prepareRecovery()
    await expect(draft.register()).rejects.toMatchObject({ code: 'WRAPPING_MISMATCH' })
    expect((await vault.account()).managementKeys).toHaveLength(1)
  })
})

test('with a management key that another client added, no key is wrapped for it, and no key is created', async () => {
  const { vault, keystore } = await createSymmetric()
  await addDevice({ vault, keystore, owner: vault.owner })
  await expect(vault.createKey(shop)).rejects.toMatchObject({ code: 'WRAPPING_MISMATCH' })
  expect(await vault.keys().toArray()).toEqual([])
})

describe('the algorithm of a wrapped key', () => {
  test('is decided by the keystore: neither kind of vault opens keys that the other wrapped', async () => {
    const options = { signingAlgorithm: 'Ed25519', extractable: false } as const
    const managementKey = await generateManagementKey({ ...options, wrapping: 'symmetric' })
    const { wrappingSecret, wrapping, id } = managementKey
    if (wrappingSecret === undefined) throw new Error('There is no secret.')
    const secret = await generateSecret('Ed25519')
    const copyFor = async (wrappingKey: CryptoKey) => {
      const [wrappedKey] = await wrapForAll(secret, { ...bound, recipients: [{ id, wrappingKey }] })
      return wrappedKey?.jwe ?? ''
    }
    const [symmetric, asymmetric] = [await copyFor(wrappingSecret), await copyFor(wrapping.publicKey)]
    const plain = { ...managementKey, wrappingSecret: undefined }
    expect(await unwrap(symmetric, { managementKey, expected: bound })).toEqual(secret)
    expect(await unwrap(asymmetric, { managementKey: plain, expected: bound })).toEqual(secret)
    const failed = { code: 'UNWRAP_FAILED' }
    await expect(unwrap(asymmetric, { managementKey, expected: bound })).rejects.toMatchObject(failed)
    await expect(unwrap(symmetric, { managementKey: plain, expected: bound })).rejects.toMatchObject(failed)
  })

  test('is not opened by another secret', async () => {
    const options = { signingAlgorithm: 'Ed25519', extractable: false, wrapping: 'symmetric' } as const
    const [one, other] = [await generateManagementKey(options), await generateManagementKey(options)]
    if (one.wrappingSecret === undefined) throw new Error('There is no secret.')
    const recipients = [{ id: other.id, wrappingKey: one.wrappingSecret }]
    const [wrappedKey] = await wrapForAll(await generateSecret('Ed25519'), { ...bound, recipients })
    await expect(
      unwrap(wrappedKey?.jwe ?? '', { managementKey: other, expected: bound }),
    ).rejects.toMatchObject({
      code: 'UNWRAP_FAILED',
    })
  })
})
