import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  createVault,
  KeyServerError,
  memoryKeystore,
  openVault,
  verifyPublicKey,
  verifyPublicKeys,
  type ConnectionOptions,
  type Vault,
} from '../../../client/index.ts'
import { readAccount } from '../../../client/vault/account.ts'
import { readAlerts } from '../../../client/alerts/history.ts'
import { streamAlerts } from '../../../client/alerts/stream.ts'
import { openSession } from '../../../client/trust/session.ts'
import { encodeCursor } from '../../../schema/wire/cursor.ts'
import { fileKeystore } from '../../../client/node/index.ts'
import { useWorld } from '../../support/world.ts'

const shop = 'https://shop.example'
const bank = 'https://bank.example'
const bytes = new TextEncoder().encode('order 66')

const server = useWorld()
let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'claviger-vault-'))
})
afterAll(async () => {
  await rm(directory, { recursive: true, force: true })
})

const newOwner = () => `owner-${randomUUID()}`

function newVault(options: { owner?: string; signingAlgorithm?: 'P-256' } = {}): Promise<Vault> {
  return createVault({ url: server.url, owner: newOwner(), keystore: memoryKeystore(), ...options })
}

const inDays = (days: number) => new Date(Date.now() + days * 24 * 60 * 60 * 1000)

describe('a vault', () => {
  test('is one vault when it is created twice at once in one keystore', async () => {
    const owner = newOwner()
    const path = join(directory, 'twice.json')
    const create = () => createVault({ url: server.url, owner, keystore: fileKeystore({ path }) })
    const vaults = await Promise.all([create(), create(), create()])
    expect(new Set(vaults.map(({ managementKeyId }) => managementKeyId)).size).toBe(1)
    expect((await vaults[0].account()).name).toBe(owner)
  })

  test('goes from nothing to a signature in a few lines', async () => {
    const vault = await createVault({ url: server.url, owner: newOwner(), keystore: memoryKeystore() })
    await vault.createKey('https://shop.example')
    const key = await vault.acquire('https://shop.example')
    const signature = await key.sign(new TextEncoder().encode('hello'))
    expect(signature).toHaveLength(64)
  })

  test.each([undefined, 'P-256'] as const)(
    'opens an account with a signing key: %s',
    async (signingAlgorithm) => {
      const owner = newOwner()
      const vault = await newVault({ owner, ...(signingAlgorithm && { signingAlgorithm }) })
      const account = await vault.account()
      expect(account.name).toBe(owner)
      expect(account.managementKeys).toMatchObject([
        { id: vault.managementKeyId, label: 'Device', kind: 'DEVICE', revokedAt: null },
      ])
      expect(vault.owner).toBe(owner)
    },
  )

  test('is opened again from its keystore by another process, and reaches the same keys', async () => {
    const path = join(directory, randomUUID(), 'key.json')
    const owner = newOwner()
    const first = await createVault({ url: server.url, owner, keystore: fileKeystore({ path }) })
    const { id, thumbprint } = await first.createKey(shop)
    const second = await openVault({ keystore: fileKeystore({ path }) })
    expect(second).toMatchObject({ owner, url: server.url, managementKeyId: first.managementKeyId })
    expect(await second.acquire({ id })).toMatchObject({ id, thumbprint })
  })

  test('is not opened from an empty keystore', async () => {
    await expect(openVault({ url: server.url, keystore: memoryKeystore() })).rejects.toMatchObject({
      code: 'KEYSTORE_EMPTY',
    })
  })
})

describe('opening an account', () => {
  test('under a taken name is CONFLICT, and the same keystore may then open another name', async () => {
    const taken = newOwner()
    await newVault({ owner: taken })
    const keystore = memoryKeystore()
    await expect(createVault({ url: server.url, owner: taken, keystore })).rejects.toMatchObject({
      code: 'CONFLICT',
    })
    const owner = newOwner()
    const vault = await createVault({ url: server.url, owner, keystore })
    expect((await vault.account()).name).toBe(owner)
  })

  test('is finished by a repetition when the answer was lost', async () => {
    const keystore = memoryKeystore()
    const owner = newOwner()
    const loseAnswer: ConnectionOptions['fetch'] = async (input, init) => {
      await fetch(input, init)
      throw new TypeError('The connection was lost.')
    }
    const options = { url: server.url, owner, keystore }
    await expect(createVault({ ...options, fetch: loseAnswer })).rejects.toMatchObject({ code: 'NETWORK' })
    const vault = await createVault(options)
    expect((await vault.account()).name).toBe(owner)
    expect(vault.managementKeyId).toBe((await keystore.load())?.id)
  })

  test('succeeds within one call when only the first answer is lost', async () => {
    let lost = 0
    const loseOneAnswer: ConnectionOptions['fetch'] = async (input, init) => {
      const response = await fetch(input, init)
      if (lost > 0) return response
      lost += 1
      throw new TypeError('The connection was lost.')
    }
    const owner = newOwner()
    const options = { url: server.url, owner, keystore: memoryKeystore(), fetch: loseOneAnswer }
    expect((await (await createVault(options)).account()).name).toBe(owner)
    expect(lost).toBe(1)
  })

  test('never takes over a keystore that belongs to another account or another key server', async () => {
    const keystore = memoryKeystore()
    await createVault({ url: server.url, owner: newOwner(), keystore })
    const occupied = { code: 'KEYSTORE_OCCUPIED' }
    await expect(createVault({ url: server.url, owner: newOwner(), keystore })).rejects.toMatchObject(
      occupied,
    )
    const elsewhere = { url: server.url.replace('127.0.0.1', 'localhost'), owner: newOwner(), keystore }
    await expect(createVault(elsewhere)).rejects.toMatchObject(occupied)
  })

  test('under an invalid name is refused before a key is stored', async () => {
    const keystore = memoryKeystore()
    await expect(createVault({ url: server.url, owner: 'A', keystore })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'input.name' },
    })
    expect(await keystore.load()).toBeNull()
  })
})

describe('a device whose clock is wrong', () => {
  test.each([-290, 290])('by %i seconds corrects it, and is served', async (skewSeconds) => {
    const keystore = memoryKeystore()
    const { owner } = await createVault({ url: server.url, owner: newOwner(), keystore })
    const record = await keystore.load()
    if (record === null) throw new Error('The keystore is empty.')
    const session = openSession(record, {})
    session.clock.correct(new Date(Date.now() + skewSeconds * 1000))
    expect((await readAccount(session)).name).toBe(owner)
    expect(Math.abs(session.clock.nowSeconds() - Date.now() / 1000)).toBeLessThan(5)
    session.clock.correct(new Date(Date.now() + skewSeconds * 1000))
    const { endCursor } = await readAlerts(session)
    expect(endCursor).toBeNull()
  })

  test('by minutes still opens its account: what it signed by the wrong clock is signed anew', async () => {
    const keystore = memoryKeystore()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 240_000 })
    try {
      const vault = await createVault({ url: server.url, owner: newOwner(), keystore })
      expect((await vault.account()).managementKeys).toMatchObject([{ isTrusted: true }])
    } finally {
      vi.useRealTimers()
    }
  })

  test.each([-3600, 3600])('by %i seconds is told both times, and signs by neither', async (skewSeconds) => {
    const keystore = memoryKeystore()
    const vault = await createVault({ url: server.url, owner: newOwner(), keystore })
    const created: number[] = []
    const reopened = await openVault({
      keystore,
      fetch: (input, init) => {
        const signatureInput = new Headers(init?.headers).get('signature-input')
        created.push(Number(/created=(\d+)/.exec(signatureInput ?? '')?.[1]))
        return fetch(input, init)
      },
    })
    const here = Date.now() + skewSeconds * 1000
    vi.useFakeTimers({ toFake: ['Date'], now: here })
    try {
      await expect(reopened.account()).rejects.toMatchObject({
        name: 'VaultError',
        code: 'CLOCKS_DIFFER',
        message: expect.stringMatching(/3[56]\d\d seconds apart/),
      })
      await expect(reopened.account()).rejects.toThrow(new Date(here).toISOString().slice(0, 16))
    } finally {
      vi.useRealTimers()
    }
    expect(created.length).toBe(2)
    for (const second of created) expect(Math.abs(second - here / 1000)).toBeLessThan(10)
    expect((await vault.account()).name).toBe(vault.owner)
  })

  test('is corrected by the alert stream too, whose refusal does not tell the time', async () => {
    const keystore = memoryKeystore()
    const vault = await createVault({ url: server.url, owner: newOwner(), keystore })
    const { id } = await vault.createKey(shop)
    await vault.revokeKey(id)
    const record = await keystore.load()
    if (record === null) throw new Error('The keystore is empty.')
    const session = openSession(record, {})
    session.clock.correct(new Date(Date.now() - 290_000))
    const stream = streamAlerts(session, { after: encodeCursor('alert', '0') })
    expect((await stream.next()).value).toMatchObject({ kind: 'KEY_REVOKED' })
    await stream.return?.()
  })
})

describe('a transaction key', () => {
  test.each(['Ed25519', 'P-256', 'X25519', 'A256GCM'] as const)(
    'of %s is created, acquired by another instance of the vault, and used',
    async (algorithm) => {
      const vault = await newVault()
      const created = await vault.createKey(shop, { algorithm, label: 'Till 3' })
      expect(created).toMatchObject({
        applicationServer: shop,
        label: 'Till 3',
        state: 'ACTIVE',
        useCount: 0,
      })
      expect(created.wrappedFor).toEqual([vault.managementKeyId])
      const acquired = await vault.acquire(shop)
      expect(acquired).toMatchObject({ id: created.id, algorithm, thumbprint: created.thumbprint })
      expect(acquired.description.useCount).toBe(1)
      const uses = {
        Ed25519: () => acquired.sign(bytes),
        'P-256': () => acquired.sign(bytes),
        X25519: () => acquired.deriveBits(acquired.publicKey),
        A256GCM: async () => acquired.decrypt(await acquired.encrypt(bytes)),
      }
      expect((await uses[algorithm]()).length).toBeGreaterThan(0)
    },
  )

  test('differs by application server, and the newest is acquired', async () => {
    const vault = await newVault()
    const older = await vault.createKey(shop)
    const newer = await vault.createKey(shop)
    const other = await vault.createKey(bank)
    expect((await vault.acquire(shop)).id).toBe(newer.id)
    expect((await vault.acquire(bank)).id).toBe(other.id)
    expect((await vault.acquire({ id: older.id })).id).toBe(older.id)
    await expect(vault.acquire('https://nowhere.example')).rejects.toMatchObject({ code: 'NO_ACTIVE_KEY' })
  })

  test('is acquired once and counted once when the answer is lost and asked for again', async () => {
    const keystore = memoryKeystore()
    await createVault({ url: server.url, owner: newOwner(), keystore })
    let answers = 0
    const loseFirst: ConnectionOptions['fetch'] = async (input, init) => {
      const response = await fetch(input, init)
      answers += 1
      if (answers === 1) throw new TypeError('The connection was lost.')
      return response
    }
    const { id } = await (await openVault({ keystore })).createKey(shop)
    const vault = await openVault({ keystore, fetch: loseFirst })
    await vault.acquire({ id })
    expect(answers).toBe(2)
    expect((await vault.key(id))?.useCount).toBe(1)
  })

  test('of another account is NOT_FOUND to acquire and null to read', async () => {
    const [mine, theirs] = [await newVault(), await newVault()]
    const { id } = await theirs.createKey(shop)
    await expect(mine.acquire({ id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await mine.key(id)).toBeNull()
    expect((await theirs.acquire({ id })).id).toBe(id)
  })

  test('beyond its uses is refused under REFUSE', async () => {
    const vault = await newVault()
    const { id } = await vault.createKey(shop, { maxUses: 1, overusePolicy: 'REFUSE' })
    await vault.acquire({ id })
    const refused: unknown = await vault.acquire({ id }).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(KeyServerError)
    expect(refused).toMatchObject({ code: 'KEY_OVERUSED' })
  })

  test('keeps its term, and a change affects only the given members', async () => {
    const vault = await newVault()
    const expiresAt = inDays(40)
    const { id } = await vault.createKey(shop, { expiresAt, maxUses: 5, label: 'a', expiryNotices: [3600] })
    expect(await vault.key(id)).toMatchObject({ expiresAt, maxUses: 5, label: 'a', expiryNotices: [3600] })
    await vault.updateKey(id, { label: null, maxUses: 9 })
    expect(await vault.key(id)).toMatchObject({ expiresAt, maxUses: 9, label: null })
    const later = inDays(80)
    expect((await vault.updateKey(id, { expiresAt: later })).expiresAt).toEqual(later)
    expect((await vault.updateKey(id, { expiresAt: null })).expiresAt).toBeNull()
  })

  test('that is not yet valid, revoked or destroyed is not handed out', async () => {
    const vault = await newVault()
    const pending = await vault.createKey(shop, { notBefore: inDays(1) })
    expect(pending.state).toBe('PENDING')
    await expect(vault.acquire({ id: pending.id })).rejects.toMatchObject({ code: 'KEY_NOT_YET_VALID' })
    const { id } = await vault.createKey(shop)
    expect(await vault.revokeKey(id, { reason: 'COMPROMISED' })).toMatchObject({
      state: 'REVOKED',
      revocationReason: 'COMPROMISED',
    })
    await expect(vault.acquire({ id })).rejects.toMatchObject({ code: 'KEY_REVOKED' })
    const destroyed = await vault.createKey(shop)
    expect(await vault.destroyKey(destroyed.id)).toMatchObject({ state: 'REVOKED', wrappedFor: [] })
    await expect(vault.acquire({ id: destroyed.id })).rejects.toBeInstanceOf(KeyServerError)
  })

  test('is listed over all pages, newest first, and by filter', async () => {
    const vault = await newVault()
    const ids: string[] = []
    for (let count = 0; count < 103; count += 1) ids.unshift((await vault.createKey(shop)).id)
    const revoked = await vault.createKey(bank)
    await vault.revokeKey(revoked.id)
    expect((await vault.keys({ applicationServer: shop }).toArray()).map(({ id }) => id)).toEqual(ids)
    expect((await vault.keys({ state: 'REVOKED' }).toArray()).map(({ id }) => id)).toEqual([revoked.id])
    let count = 0
    for await (const key of vault.keys()) if (key.id !== '') count += 1
    expect(count).toBe(104)
  })
})

describe('verification by an application server', () => {
  test('tells whether a public key is the one that its owner stored for it', async () => {
    const vault = await newVault()
    const { publicKey } = await vault.createKey(shop)
    const { publicKey: otherKey } = await vault.createKey(bank)
    const ask = (query: object) =>
      verifyPublicKey({
        url: server.url,
        owner: vault.owner,
        applicationServer: shop,
        publicKey,
        ...query,
      })
    expect(await ask({})).toMatchObject({ valid: true, status: 'valid', source: 'key-server' })
    const no = { valid: false, status: 'unknown-key', source: 'key-server' }
    expect(await ask({ publicKey: otherKey })).toMatchObject(no)
    expect(await ask({ applicationServer: bank })).toMatchObject(no)
    expect(await ask({ owner: 'nobody-of-that-name' })).toMatchObject(no)
  })

  test('answers several in the order of the queries', async () => {
    const vault = await newVault()
    const { publicKey } = await vault.createKey(shop)
    const query = { owner: vault.owner, applicationServer: shop, publicKey }
    const answers = await verifyPublicKeys([query, { ...query, owner: 'nobody' }, query], {
      url: server.url,
    })
    expect(answers.map(({ status }) => status)).toEqual(['valid', 'unknown-key', 'valid'])
  })
})
