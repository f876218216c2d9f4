import { expect, test } from 'vitest'
import {
  createVault,
  memoryKeystore,
  openBackup,
  openVault,
  verifyPublicKey,
  type Vault,
} from '../../../../client/index.ts'
import { createVerifier, type VerifierOptions } from '../../../../client/verifier/create-verifier.ts'
import { protectHandler } from '../../../../client/verifier/middleware/fetch.ts'
import { newOwner, shop } from '../../../support/devices.ts'
import { openAccount, storeKey } from '../../../support/raw-client.ts'
import { useWorld } from '../../../support/world.ts'

const server = useWorld()

function newVault(): Promise<Vault> {
  return createVault({ url: server.url, owner: newOwner(), keystore: memoryKeystore() })
}

function verifierOf(options: Partial<VerifierOptions> = {}) {
  return createVerifier({
    url: server.url,
    applicationServer: shop,
    cacheSeconds: 0,
    negativeCacheSeconds: 0,
    requirePossession: true,
    ...options,
  })
}

/** The answers of a key server that shows another statement, or none, as the proof. */
function lying(possession: unknown): Partial<VerifierOptions> {
  return {
    fetch: async (input, init) => {
      const response = await fetch(input, init)
      const answered = JSON.parse(await response.text())
      for (const one of answered.data.verifyPublicKeys) one.possession = possession
      return Response.json(answered)
    },
  }
}

async function proofOf({ owner }: Vault, publicKey: unknown, applicationServer = shop): Promise<unknown> {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      query: 'query ($input: VerifyPublicKeyInput!) { verifyPublicKey(input: $input) { possession } }',
      variables: { input: { owner, applicationServer, publicKey } },
    }),
  })
  return JSON.parse(await response.text()).data.verifyPublicKey.possession
}

test.each(['Ed25519', 'P-256'] as const)(
  'a signing key of the SDK is valid where possession is required: %s, its successor and what a backup restores',
  async (algorithm) => {
    const vault = await newVault()
    const verifier = verifierOf({ signedAnswers: { jwks: 'fetch', issuer: server.origins[0] } })
    const key = await vault.createKey(shop, { algorithm })
    const { sealed } = await vault.exportBackup({ passphrase: 'correct horse' })
    const successor = await vault.rotateKey(key.id)
    const renewed = await vault.updateKey(successor.id, { maxUses: 9 })
    const { owner } = vault
    expect(await verifier.verify({ owner, publicKey: renewed.publicKey })).toMatchObject({ status: 'valid' })

    const restored = await newVault()
    await restored.importBackup(await openBackup(sealed, 'correct horse'))
    const { publicKey } = key
    expect(await verifier.verify({ owner: restored.owner, publicKey })).toMatchObject({ status: 'valid' })
    // Negative control: the proof is required, and not taken from another owner or status.
    expect(await verifier.verify({ owner, publicKey })).toMatchObject({ status: 'revoked' })
  },
)

test('an encryption key, which cannot sign, and a key stored without a proof are unproved; others still accept them', async () => {
  const vault = await newVault()
  const { publicKey: x25519 } = await vault.createKey(shop, { algorithm: 'X25519' })
  const { name, key } = await openAccount(server.url)
  const { publicKey: bare } = await storeKey(server.url, key)
  const presented = [
    { owner: vault.owner, publicKey: x25519 },
    { owner: name, publicKey: bare },
  ]
  for (const query of presented) {
    expect(await verifierOf().verify(query)).toMatchObject({ valid: false, status: 'unproved' })
    expect(await verifierOf({ requirePossession: false }).verify(query)).toMatchObject({ status: 'valid' })
    const asked = { ...query, url: server.url, applicationServer: shop }
    expect(await verifyPublicKey({ ...asked, requirePossession: true })).toMatchObject({
      valid: false,
      status: 'unproved',
    })
    expect(await verifyPublicKey(asked)).toMatchObject({ valid: true, status: 'valid' })
  }
})

test('a key server that withholds the proof, or shows another, makes no key proved that is not', async () => {
  const vault = await newVault()
  const { publicKey } = await vault.createKey(shop)
  const other = await vault.createKey(shop)
  const elsewhere = await vault.createKey('https://bank.example')
  const query = { owner: vault.owner, publicKey }
  const proof = await proofOf(vault, publicKey)
  const others = [
    null,
    '',
    42,
    await proofOf(vault, other.publicKey),
    await proofOf(vault, elsewhere.publicKey, 'https://bank.example'),
    (await vault.key(other.id))?.certificate,
    String(proof).replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')),
  ]
  for (const possession of others) {
    const { valid } = await verifierOf(lying(possession)).verify(query)
    expect(valid).toBe(false)
  }
  // Negative control: the true proof passes through the same way.
  expect(await verifierOf(lying(proof)).verify(query)).toMatchObject({ status: 'valid' })

  // A key that somebody else stores in their own name: the holder's proof does not name them.
  const thief = await openAccount(server.url)
  await storeKey(server.url, thief.key, { publicKey })
  const stolen = { owner: thief.name, publicKey }
  expect(await verifierOf({ requirePossession: false }).verify(stolen)).toMatchObject({ status: 'valid' })
  expect(await verifierOf(lying(proof)).verify(stolen)).toMatchObject({ status: 'unproved' })
})

/** A vault whose key has no proof of possession, as one that another client stored. */
async function unprovedKey(algorithm: 'Ed25519' | 'P-256' = 'Ed25519') {
  const vault = await newVault()
  const { id, publicKey } = await vault.createKey(shop, { algorithm })
  const input = { id, possession: null }
  await vault.graphql(
    'mutation ($input: UpdateTransactionKeyInput!) { updateTransactionKey(input: $input) { id } }',
    { input },
  )
  return { vault, id, query: { owner: vault.owner, publicKey } }
}

test.each(['Ed25519', 'P-256'] as const)(
  'a key that was stored without a proof proves it later, by one use: %s',
  async (algorithm) => {
    const { vault, id, query } = await unprovedKey(algorithm)
    const verifier = verifierOf()
    expect(await vault.key(id)).toMatchObject({ isPossessionProved: false, possession: null, useCount: 0 })
    expect(await verifier.verify(query)).toMatchObject({ status: 'unproved' })
    expect(await vault.provePossession(id)).toMatchObject({ isPossessionProved: true, useCount: 1 })
    expect(await verifier.verify(query)).toMatchObject({ status: 'valid' })
    // It has, and is not used again.
    expect(await vault.provePossession(id)).toMatchObject({ isPossessionProved: true, useCount: 1 })
    expect(await vault.keys().toArray()).toMatchObject([{ isPossessionProved: true }])
    expect((await vault.keyPage()).keys).toMatchObject([{ isPossessionProved: true }])
  },
)

test('a key that cannot sign proves nothing, and is not used for it', async () => {
  const vault = await newVault()
  for (const algorithm of ['X25519', 'A256GCM'] as const) {
    const { id } = await vault.createKey(shop, { algorithm })
    await expect(vault.provePossession(id)).rejects.toMatchObject({ code: 'ALGORITHM_MISMATCH' })
    expect(await vault.key(id)).toMatchObject({ isPossessionProved: false, useCount: 0 })
  }
})

test('a proof that the key server shows for another key is none to the owner', async () => {
  const keystore = memoryKeystore()
  const vault = await createVault({ url: server.url, owner: newOwner(), keystore })
  const [one, two] = [await vault.createKey(shop), await vault.createKey(shop)]
  const swapped = await openVault({
    keystore,
    fetch: async (input, init) => {
      const text = await (await fetch(input, init)).text()
      return Response.json(JSON.parse(text.replaceAll(String(one.possession), String(two.possession))))
    },
  })
  expect(await swapped.key(one.id)).toMatchObject({ isPossessionProved: false })
  expect(await swapped.key(two.id)).toMatchObject({ isPossessionProved: true })
})

test('a signed request by an unproved key is refused with KEY_UNPROVED', async () => {
  const vault = await newVault()
  await vault.createKey(shop)
  const requests = (verifier: ReturnType<typeof verifierOf>) => {
    const visit = protectHandler(verifier, () => new Response('Welcome.'))
    return vault.signer(shop, { fetch: async (input, init) => visit(new Request(input, init)) })
  }
  const refused = await requests(verifierOf(lying(null))).fetch(shop)
  expect(refused.status).toBe(401)
  expect(await refused.json()).toMatchObject({ error: { code: 'KEY_UNPROVED' } })
  expect((await requests(verifierOf()).fetch(shop)).status).toBe(200)
})
