import { describe, expect, test } from 'vitest'
import { createVault, memoryKeystore } from '../../../client/index.ts'
import { limits } from '../../../schema/wire/limits.ts'
import { parseStatement, signStatement } from '../../../schema/wire/statements/statement.ts'
import {
  call,
  openAccount,
  storeInput,
  storeKey,
  storeMutation,
  type RawAccount,
} from '../../support/raw-client.ts'
import { addKey, certificateOf, revokeKey, signerOf } from '../../support/trust.ts'
import { useWorld } from '../../support/world.ts'

const applicationServer = 'https://shop.example'

const server = useWorld()

/** Stores a key that is certified by this key of the account; returns its public half. */
async function storeCertified({ name, key }: RawAccount): Promise<unknown> {
  const input = await storeInput(key)
  const certificate = await signStatement('claviger-key+jwt', certificateOf(name, input), signerOf(key))
  const answer = await call(server.url, key, {
    query: storeMutation,
    variables: { input: { ...input, certificate } },
  })
  expect(answer.errors).toEqual([])
  return input.publicKey
}

async function shownTo(owner: string, publicKey: unknown): Promise<readonly string[] | null> {
  const { data, errors } = await call(server.url, null, {
    query: `query ($input: VerifyPublicKeyInput!) { verifyPublicKey(input: $input) { endorsements } }`,
    variables: { input: { owner, applicationServer, publicKey } },
  })
  expect(errors).toEqual([])
  const endorsements: string[] | null = data?.['verifyPublicKey'].endorsements
  return endorsements
}

/** Pairs of endorsed key and endorsing key, in the order shown. */
function links(endorsements: readonly string[] | null): [string, string][] | undefined {
  return endorsements?.map((endorsement) => {
    const { kid, payload } = parseStatement('claviger-endorsement+jwt', endorsement)
    return [payload.sub, kid]
  })
}

/** As many management keys more, each endorsed by the one before. */
async function lengthen(account: RawAccount, count: number): Promise<RawAccount[]> {
  const accounts = [account]
  for (let index = 0; index < count; index++) {
    const last = accounts.at(-1) ?? account
    accounts.push({ ...last, key: await addKey(server.url, last) })
  }
  return accounts
}

describe('the endorsements beside a certificate', () => {
  test("lead from its signer to the account's first management key", async () => {
    const [first, second, third] = await lengthen(await openAccount(server.url), 2)
    if (first === undefined || second === undefined || third === undefined) throw new TypeError()
    const path = links(await shownTo(third.name, await storeCertified(third)))
    expect(path).toEqual([
      [third.key.id, second.key.id],
      [second.key.id, first.key.id],
    ])
    expect(await shownTo(first.name, await storeCertified(first))).toEqual([])
  })

  test("end with the first key's endorsement of itself, where its client sent one", async () => {
    const owner = `owner-${crypto.randomUUID()}`
    const vault = await createVault({ url: server.url, owner, keystore: memoryKeystore() })
    const { publicKey } = await vault.createKey(applicationServer)
    expect(links(await shownTo(owner, publicKey))).toEqual([[vault.managementKeyId, vault.managementKeyId]])
  })

  test('stay when a management key among them is revoked', async () => {
    const [first, second, third] = await lengthen(await openAccount(server.url), 2)
    if (first === undefined || second === undefined || third === undefined) throw new TypeError()
    const publicKey = await storeCertified(third)
    const before = await shownTo(third.name, publicKey)
    await revokeKey(server.url, third.key, second.key.id)
    expect(await shownTo(third.name, publicKey)).toEqual(before)
    expect(before).toHaveLength(2)
  })

  test(`are at most ${String(limits.endorsementsMax)}, those nearest to the signer`, async () => {
    const accounts = await lengthen(await openAccount(server.url), limits.endorsementsMax + 1)
    const last = accounts.at(-1)
    if (last === undefined) throw new TypeError()
    const path = links(await shownTo(last.name, await storeCertified(last)))
    expect(path).toHaveLength(limits.endorsementsMax)
    expect(path?.[0]?.[0]).toBe(last.key.id)
  })

  test('are shown with the certificates up to a megabyte in an answer, however often they are requested', async () => {
    const accounts = await lengthen(await openAccount(server.url), 3)
    const owner = accounts.at(-1)
    if (owner === undefined) throw new TypeError()
    const publicKey = await storeCertified(owner)
    const aliases = Array.from({ length: 15 }, (_, index) => `a${String(index)}: endorsements`).join(' ')
    const ask = (count: number) => {
      const input = { owner: owner.name, applicationServer, publicKey }
      return call(server.url, null, {
        query: `query ($inputs: [VerifyPublicKeyInput!]!) { verifyPublicKeys(inputs: $inputs) { certificate ${aliases} } }`,
        variables: { inputs: Array.from({ length: count }, () => input) },
      })
    }
    expect((await ask(10)).errors).toEqual([])
    const refused = await ask(100)
    expect(refused.code).toBe('TOO_LARGE')
    expect(refused.status).toBe(413)
    expect(refused.errors).toHaveLength(1)
    expect(refused.data).toBeUndefined()
  })

  test('are null without a certificate, for another key, another owner and an unknown one', async () => {
    const owner = await openAccount(server.url)
    const otherAccount = await openAccount(server.url)
    const certified = await storeCertified(owner)
    const { publicKey } = await storeKey(server.url, owner.key)
    expect(await shownTo(owner.name, publicKey)).toBeNull()
    expect(await shownTo(otherAccount.name, certified)).toBeNull()
    expect(await shownTo('nobody', certified)).toBeNull()
  })
})
