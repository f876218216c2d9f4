import 'fake-indexeddb/auto'
import { randomUUID } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generateManagementKey, type SigningAlgorithm } from '../../../client/crypto/management-key.ts'
import { indexedDbKeystore } from '../../../client/keystore/indexed-db.ts'
import type { Keystore, ManagementKeyRecord } from '../../../client/keystore/keystore.ts'
import { memoryKeystore } from '../../../client/keystore/memory.ts'
import { fileKeystore } from '../../../client/node/file-keystore.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'claviger-keystore-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const freshPath = () => join(directory, randomUUID(), 'management-key.json')

async function createRecord(extractable: boolean, signingAlgorithm: SigningAlgorithm = 'Ed25519') {
  const managementKey = await generateManagementKey({ signingAlgorithm, extractable })
  return { ...managementKey, url: 'https://keys.example', owner: 'alice' }
}

/** Signs with one record's private key, and verifies with the other's public key. */
async function isSameSigningKey(a: ManagementKeyRecord, b: ManagementKeyRecord): Promise<boolean> {
  const bytes = new TextEncoder().encode('probe')
  const parameters = { name: a.signing.privateKey.algorithm.name, hash: 'SHA-256' }
  const signature = await crypto.subtle.sign(parameters, a.signing.privateKey, bytes)
  return crypto.subtle.verify(parameters, b.signing.publicKey, signature, bytes)
}

async function isSameWrappingKey(a: ManagementKeyRecord, b: ManagementKeyRecord): Promise<boolean> {
  const derive = (own: CryptoKey, peer: CryptoKey) =>
    crypto.subtle.deriveBits({ name: 'X25519', public: peer }, own, 256).then((bits) => Buffer.from(bits))
  const [one, other] = [
    await derive(a.wrapping.privateKey, b.wrapping.publicKey),
    await derive(b.wrapping.privateKey, a.wrapping.publicKey),
  ]
  return one.equals(other)
}

// `open` opens the same keystore whenever it is called with the same name.
const kinds: { kind: string; open: (name: string) => Keystore }[] = [
  { kind: 'indexedDbKeystore', open: (name) => indexedDbKeystore({ name }) },
  { kind: 'fileKeystore', open: (name) => fileKeystore({ path: join(directory, name, 'key.json') }) },
  {
    kind: 'fileKeystore with a passphrase',
    open: (name) => fileKeystore({ path: join(directory, name, 'key.jwe'), passphrase: 'correct horse' }),
  },
]

describe.each(kinds)('$kind', ({ open }) => {
  test('an empty keystore loads null', async () => {
    expect(await open(randomUUID()).load()).toBeNull()
  })

  test.each(['Ed25519', 'P-256'] as const)(
    'a saved %s management key is loaded as the same, usable key by another instance',
    async (algorithm) => {
      const name = randomUUID()
      const record = await createRecord(open(name).extractable, algorithm)
      await open(name).save(record)
      const loaded = await open(name).load()
      if (loaded === null) throw new Error('The keystore is empty.')
      expect({ id: loaded.id, url: loaded.url, owner: loaded.owner }).toEqual({
        id: record.id,
        url: record.url,
        owner: record.owner,
      })
      expect(await isSameSigningKey(loaded, record)).toBe(true)
      expect(await isSameWrappingKey(loaded, record)).toBe(true)
      // Negative control: the probes distinguish keys.
      const other = await createRecord(true, algorithm)
      expect(await isSameSigningKey(other, record)).toBe(false)
    },
  )

  test('another management key is never overwritten', async () => {
    const name = randomUUID()
    const record = await createRecord(open(name).extractable)
    await open(name).save(record)
    const other = await createRecord(open(name).extractable)
    await expect(open(name).save(other)).rejects.toMatchObject({ code: 'KEYSTORE_OCCUPIED' })
    expect((await open(name).load())?.id).toBe(record.id)
  })

  test('the record of the same management key is replaced', async () => {
    const name = randomUUID()
    const record = await createRecord(open(name).extractable)
    await open(name).save(record)
    await open(name).save({ ...record, owner: 'alice2' })
    expect((await open(name).load())?.owner).toBe('alice2')
  })

  test('of two keys that are saved at once, one is stored and the other is refused', async () => {
    const name = randomUUID()
    const records = [await createRecord(open(name).extractable), await createRecord(open(name).extractable)]
    const results = await Promise.allSettled(records.map((record) => open(name).save(record)))
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const winner = results.findIndex(({ status }) => status === 'fulfilled')
    expect((await open(name).load())?.id).toBe(records[winner]?.id)
  })
})

describe('memoryKeystore', () => {
  test('keeps one management key, and never overwrites it with another', async () => {
    const keystore = memoryKeystore()
    expect(await keystore.load()).toBeNull()
    const record = await createRecord(false)
    await keystore.save(record)
    await expect(keystore.save(await createRecord(false))).rejects.toMatchObject({
      code: 'KEYSTORE_OCCUPIED',
    })
    expect(await keystore.load()).toBe(record)
  })
})

describe('indexedDbKeystore', () => {
  test('a stored private key cannot be exported', async () => {
    const name = randomUUID()
    const keystore = indexedDbKeystore({ name })
    await keystore.save(await createRecord(keystore.extractable))
    const loaded = await indexedDbKeystore({ name }).load()
    if (loaded === null) throw new Error('The keystore is empty.')
    await expect(crypto.subtle.exportKey('jwk', loaded.signing.privateKey)).rejects.toThrow()
    await expect(crypto.subtle.exportKey('jwk', loaded.wrapping.privateKey)).rejects.toThrow()
  })
})

describe('fileKeystore', () => {
  test('the file and its directory are private, with nothing left beside the file', async () => {
    const path = freshPath()
    await fileKeystore({ path }).save(await createRecord(true))
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(join(path, '..'))).mode & 0o777).toBe(0o700)
    expect(await readdir(join(path, '..'))).toEqual(['management-key.json'])
  })

  test.each([0o640, 0o604, 0o620, 0o666])('a file of mode %o is refused', async (mode) => {
    const path = freshPath()
    await fileKeystore({ path }).save(await createRecord(true))
    await chmod(path, mode)
    await expect(fileKeystore({ path }).load()).rejects.toMatchObject({ code: 'KEYSTORE_EXPOSED' })
    await chmod(path, 0o600)
    expect(await fileKeystore({ path }).load()).not.toBeNull()
  })

  test('with a passphrase, the file holds no secret in the clear and has 600,000 iterations', async () => {
    const path = freshPath()
    const record = await createRecord(true)
    await fileKeystore({ path, passphrase: 'correct horse' }).save(record)
    const text = await readFile(path, 'utf8')
    const { d } = await crypto.subtle.exportKey('jwk', record.signing.privateKey)
    expect(text).not.toContain(d)
    const header: unknown = JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString())
    expect(header).toMatchObject({ alg: 'PBES2-HS512+A256KW', enc: 'A256GCM', p2c: 600_000 })
  })

  test('a wrong or missing passphrase is KEYSTORE_LOCKED', async () => {
    const path = freshPath()
    await fileKeystore({ path, passphrase: 'correct horse' }).save(await createRecord(true))
    const locked = { code: 'KEYSTORE_LOCKED' }
    await expect(fileKeystore({ path, passphrase: 'wrong' }).load()).rejects.toMatchObject(locked)
    await expect(fileKeystore({ path }).load()).rejects.toMatchObject(locked)
  })

  test('a passphrase function is called once, and not before it is needed', async () => {
    const path = freshPath()
    let calls = 0
    const passphrase = () => {
      calls += 1
      return Promise.resolve('correct horse')
    }
    const keystore = fileKeystore({ path, passphrase })
    expect(await keystore.load()).toBeNull()
    expect(calls).toBe(0)
    await keystore.save(await createRecord(true))
    await keystore.load()
    expect(calls).toBe(1)
  })

  test.each([
    '{}',
    '{',
    '{"v":2}',
    '{"v":1,"url":"https://keys.example","owner":"alice","signing":{},"wrapping":{}}',
  ])(
    'a file that holds no management key is KEYSTORE_UNREADABLE, and is not overwritten: %s',
    async (text) => {
      const path = join(directory, randomUUID())
      await writeFile(path, text, { mode: 0o600 })
      await expect(fileKeystore({ path }).load()).rejects.toMatchObject({ code: 'KEYSTORE_UNREADABLE' })
      await expect(fileKeystore({ path }).save(await createRecord(true))).rejects.toMatchObject({
        code: 'KEYSTORE_UNREADABLE',
      })
      expect(await readFile(path, 'utf8')).toBe(text)
    },
  )

  test('a signing key whose halves do not belong together is refused', async () => {
    const path = freshPath()
    const [one, other] = [await createRecord(true), await createRecord(true)]
    await fileKeystore({ path }).save(one)
    const text = await readFile(path, 'utf8')
    const { x } = await crypto.subtle.exportKey('jwk', one.signing.publicKey)
    const { x: otherX } = await crypto.subtle.exportKey('jwk', other.signing.publicKey)
    await writeFile(path, text.replace(x ?? '', otherX ?? ''))
    await expect(fileKeystore({ path }).load()).rejects.toMatchObject({ code: 'KEYSTORE_UNREADABLE' })
  })
})
