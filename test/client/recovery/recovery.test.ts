import { createECDH, hkdfSync, pbkdf2Sync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  createVault,
  memoryKeystore,
  openRecovery,
  requestPairing,
  type Vault,
} from '../../../client/index.ts'
import { publicManagementKey } from '../../../client/crypto/management-key.ts'
import { parsePhrase } from '../../../client/recovery/phrase.ts'
import { recoveryKeyOf } from '../../../client/recovery/recovery-key.ts'
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

const vector = [...Array<string>(23).fill('abandon'), 'art']

async function withPhrase(vault: Vault): Promise<string> {
  const draft = await vault.prepareRecovery()
  await draft.register()
  return draft.words.join(' ')
}

const open = (owner: string, phrase: string, options: { fetch?: Fetch } = {}) =>
  openRecovery({ url: world.url, owner, phrase, ...options })

test('the phrase alone restores everything on an empty machine', async () => {
  const lost = await newVault(world.url)
  const before = await lost.createKey(shop, { algorithm: 'A256GCM' })
  const sealed = await (await lost.acquire({ id: before.id })).encrypt(bytes)
  const phrase = await withPhrase(lost)
  const after = await lost.createKey(bank)
  const recovery = await open(lost.owner, phrase)
  expect(recovery).toMatchObject({ restorable: 2, missing: [] })
  const { vault, report } = await recovery.restore({ keystore: memoryKeystore(), label: 'New laptop' })
  expect(report).toEqual({ rewrapped: 2, skipped: [] })
  expect(await (await vault.acquire({ id: before.id })).decrypt(sealed)).toEqual(bytes)
  expect((await vault.acquire(bank)).thumbprint).toBe(after.thumbprint)
  // It is a full device: the others and the phrase can open its keys.
  await vault.revokeDevice(lost.managementKeyId)
  const { id } = await vault.createKey(shop)
  await vault.acquire({ id })
  expect(await open(lost.owner, phrase)).toMatchObject({ restorable: 3, missing: [] })
})

test('a phrase made on a second device restores what the first one stored', async () => {
  const laptop = await newVault(world.url)
  const { id } = await laptop.createKey(shop)
  const request = await requestPairing({ url: world.url, owner: laptop.owner, keystore: memoryKeystore() })
  await laptop.approveDevice(await laptop.lookUpPairing(request.code))
  const phone = await request.approved({ pollMs: 20 })
  const phrase = await withPhrase(phone)
  const { vault } = await (await open(laptop.owner, phrase)).restore({ keystore: memoryKeystore() })
  await vault.acquire({ id })
  await laptop.createKey(bank)
  await vault.acquire(bank)
})

test('a phrase is registered only when its owner says so', async () => {
  const vault = await newVault(world.url)
  const { words } = await vault.prepareRecovery()
  expect(words).toHaveLength(24)
  expect((await vault.account()).managementKeys).toHaveLength(1)
  await expect(open(vault.owner, words.join(' '))).rejects.toMatchObject({ code: 'PHRASE_INVALID' })
})

test('a restoration that was interrupted is finished by repeating it, with the same device key', async () => {
  const lost = await newVault(world.url)
  await lost.createKey(shop)
  const phrase = await withPhrase(lost)
  const keystore = memoryKeystore()
  const unlucky = await open(lost.owner, phrase, { fetch: losing('AddManagementKey', 3) })
  await expect(unlucky.restore({ keystore })).rejects.toMatchObject({ code: 'NETWORK' })
  const id = (await keystore.load())?.id
  const { vault } = await (await open(lost.owner, phrase)).restore({ keystore })
  expect(vault.managementKeyId).toBe(id)
  await vault.acquire(shop)
})

test('a keystore in use is left alone', async () => {
  const lost = await newVault(world.url)
  const recovery = await open(lost.owner, await withPhrase(lost))
  const keystore = memoryKeystore()
  const other = await createVault({ url: world.url, owner: newOwner(), keystore })
  await expect(recovery.restore({ keystore })).rejects.toMatchObject({ code: 'KEYSTORE_OCCUPIED' })
  expect((await keystore.load())?.id).toBe(other.managementKeyId)
})

describe('before anything is changed it is reported', () => {
  test('that a word is wrong, by its place and never by itself', async () => {
    const { owner } = await newVault(world.url)
    const refusals = [
      [vector.slice(1).join(' '), 'these are 23'],
      [[...vector.slice(0, 23), 'zoo'].join(' '), 'checksum'],
      [[...vector.slice(0, 4), 'xyzzy', ...vector.slice(5)].join(' '), 'Word 5'],
    ] as const
    for (const [phrase, words] of refusals) {
      const refusal = await open(owner, phrase).catch((error: unknown) => error)
      expect(refusal).toMatchObject({
        code: 'PHRASE_INVALID',
        message: expect.stringContaining(words) as unknown,
      })
      expect(String(refusal)).not.toMatch(/xyzzy|zoo|abandon/)
    }
  })

  test('that a phrase is of no account, or of another one', async () => {
    const [alice, bob] = [await newVault(world.url), await newVault(world.url)]
    const phrase = await withPhrase(alice)
    const invalid = { code: 'PHRASE_INVALID' }
    await expect(open(alice.owner, vector.join(' '))).rejects.toMatchObject(invalid)
    await expect(open(bob.owner, phrase)).rejects.toMatchObject(invalid)
    expect(await open(alice.owner, phrase)).toMatchObject({ restorable: 0 })
  })

  test('which keys are not wrapped for the phrase', async () => {
    const lost = await newVault(world.url)
    const { id } = await lost.createKey(shop)
    const phrase = await withPhrase(lost)
    const hiding: Fetch = async (input, init) => {
      const response = await fetch(input, init)
      if (operationOf(init) !== 'TransactionKeys') return response
      const text = await response.text()
      return Response.json(JSON.parse(text.replaceAll(/"wrappedFor":\[.*?\]/g, '"wrappedFor":[]')))
    }
    const recovery = await open(lost.owner, phrase, { fetch: hiding })
    expect(recovery).toMatchObject({ restorable: 0, missing: [{ id, applicationServer: shop }] })
  })
})

test('a key server that lists another first key of the account is not trusted', async () => {
  const [lost, mallory] = [await newVault(world.url), await newVault(world.url)]
  const phrase = await withPhrase(lost)
  const swapping: Fetch = async (input, init) => {
    const response = await fetch(input, init)
    if (operationOf(init) !== 'Account') return response
    const text = await response.text()
    return Response.json(JSON.parse(text.replaceAll(lost.managementKeyId, mallory.managementKeyId)))
  }
  await expect(open(lost.owner, phrase, { fetch: swapping })).rejects.toMatchObject({
    code: 'UNTRUSTED_MANAGEMENT_KEY',
  })
})

describe('the recovery key', () => {
  test('is always the same for the same words, however they are typed', async () => {
    const typed = vector.map((word, index) => `${String(index + 1)}. ${word.toUpperCase()}`).join('\n')
    expect(parsePhrase(typed)).toEqual(vector)
    const keys = [await recoveryKeyOf(vector), await recoveryKeyOf(parsePhrase(typed))]
    expect(keys[0]?.managementKey.id).toBe(keys[1]?.managementKey.id)
    // Pinned: another derivation would invalidate every phrase that was written down.
    expect(keys[0]?.managementKey.id).toMatchInlineSnapshot(`"QKsUxx2E6hjBa78HnO6-kMUdIhf9gm-PPqwJYaMNEGY"`)
    expect(await keys[0]?.anchorTag({ owner: 'alice', rootId: 'A'.repeat(43) })).toMatchInlineSnapshot(
      `"giU59qfJ-edfFRFCoZ6y9Q"`,
    )
    const { wrappingKey } = await publicManagementKey((await recoveryKeyOf(vector)).managementKey)
    expect(wrappingKey.x).toMatchInlineSnapshot(`"zx5knlQ0bwR4MDbCVy69N68Ldg101Ux39evSuhoqTSA"`)
  })

  test('of P-256 is the same for the same words, by the formula of FIPS 186-5 A.2.1 over 48 bytes of HKDF', async () => {
    const { managementKey } = await recoveryKeyOf(vector, 'P-256')
    const { signingKey, wrappingKey } = await publicManagementKey(managementKey)
    // Computed without the SDK.
    const seed = pbkdf2Sync(vector.join(' '), 'mnemonic', 2048, 64, 'sha512')
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    const publicOf = (purpose: string) => {
      const bytes = hkdfSync('sha256', seed, '', `claviger recovery P-256 ${purpose} key v1`, 48)
      const scalar = (BigInt(`0x${Buffer.from(bytes).toString('hex')}`) % (order - 1n)) + 1n
      const ecdh = createECDH('prime256v1')
      ecdh.setPrivateKey(Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex'))
      return ecdh.getPublicKey().subarray(1, 33).toString('base64url')
    }
    expect(signingKey.x).toBe(publicOf('signing'))
    expect(wrappingKey.x).toBe(publicOf('wrapping'))
    // Pinned, as above.
    expect(managementKey.id).toMatchInlineSnapshot(`"9b6vrKeni2-_EFtIspju452aTw8xCtFY0zk9lXX7EYI"`)
    expect(managementKey.signing.privateKey.extractable).toBe(false)
  })

  test('cannot be exported', async () => {
    const { managementKey } = await recoveryKeyOf(vector)
    expect(managementKey.signing.privateKey.extractable).toBe(false)
    expect(managementKey.wrapping.privateKey.extractable).toBe(false)
  })
})
