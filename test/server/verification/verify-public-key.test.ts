import { expect, test } from 'vitest'
import { call, openAccount, storeInput, storeKey } from '../../support/raw-client.ts'
import { expectBadInput, pickText, secondsAhead, succeed, useWorld } from '../../support/operations.ts'

const world = useWorld()
const query = `query ($input: VerifyPublicKeyInput!) { verifyPublicKey(input: $input) {
  coincides valid state notBefore expiresAt checkedAt } }`
const severalQuery = `query ($inputs: [VerifyPublicKeyInput!]!) { verifyPublicKeys(inputs: $inputs) { coincides state } }`
const applicationServer = 'https://shop.example'

async function ownerWithKey(terms: Record<string, unknown> = {}) {
  const { key, name: owner } = await openAccount(world.url)
  const { id, publicKey } = await storeKey(world.url, key, terms)
  return { key, id, input: { owner, applicationServer, publicKey } }
}

async function verify(input: Record<string, unknown>): Promise<unknown> {
  const answer = await call(world.url, null, { query, variables: { input } })
  expect(answer.errors).toEqual([])
  return answer.data?.['verifyPublicKey']
}

test('the key that its owner stored for this application server coincides and is valid', async () => {
  const { input } = await ownerWithKey()
  const verification = await verify(input)
  expect(verification).toEqual({
    coincides: true,
    valid: true,
    state: 'ACTIVE',
    notBefore: null,
    expiresAt: null,
    checkedAt: expect.any(String),
  })
  expect(Math.abs(Date.parse(pickText(verification, 'checkedAt')) - Date.now())).toBeLessThan(5_000)
})

test('a key outside its term, or revoked, coincides and is not valid', async () => {
  const [past, future] = [secondsAhead(-60).toISOString(), secondsAhead(60).toISOString()]
  const expired = await ownerWithKey({ expiresAt: past })
  expect(await verify(expired.input)).toMatchObject({
    coincides: true,
    valid: false,
    state: 'EXPIRED',
    expiresAt: past,
  })
  const pending = await ownerWithKey({ notBefore: future })
  expect(await verify(pending.input)).toMatchObject({
    coincides: true,
    valid: false,
    state: 'PENDING',
    notBefore: future,
  })
  const revoked = await ownerWithKey()
  await succeed(world.url, revoked.key, {
    query: `mutation { revokeTransactionKey(id: "${revoked.id}") { id } }`,
  })
  expect(await verify(revoked.input)).toMatchObject({ coincides: true, valid: false, state: 'REVOKED' })
})

test('a key stops being valid at its end, without delay', async () => {
  const expiresAt = secondsAhead(1)
  const { input } = await ownerWithKey({ expiresAt })
  expect(await verify(input)).toMatchObject({ valid: true })
  await new Promise((resolve) => setTimeout(resolve, expiresAt.getTime() + 20 - Date.now()))
  expect(await verify(input)).toMatchObject({ valid: false, state: 'EXPIRED' })
})

test('metadata in the presented key makes no difference', async () => {
  const { input } = await ownerWithKey()
  const publicKey = { use: 'sig', kid: 'any', ...input.publicKey, alg: 'EdDSA' }
  expect(await verify({ ...input, publicKey })).toMatchObject({ coincides: true })
})

test('an unknown owner, an unknown application server and another key are the same answer to the byte', async () => {
  const { input, key } = await ownerWithKey()
  const other = await ownerWithKey()
  const { publicKey } = await storeInput(key)
  const strangers = [
    { ...input, owner: 'nobody-of-this-name' },
    { ...input, owner: other.input.owner },
    { ...input, owner: 'NUL\0' },
    { ...input, owner: ` ${input.owner}` },
    { ...input, applicationServer: 'https://unknown.example' },
    { ...input, applicationServer: `${applicationServer}/` },
    { ...input, applicationServer: `${applicationServer}\0` },
    { ...input, publicKey },
    { ...input, publicKey: other.input.publicKey },
  ]
  const answers = await Promise.all(
    strangers.map(async (stranger) => {
      const response = await fetch(`${world.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables: { input: stranger } }),
      })
      const body = await response.text()
      return `${response.status} ${body.replace(/"checkedAt":"[^"]*"/, '"checkedAt":""')}`
    }),
  )
  expect(new Set(answers)).toEqual(
    new Set([
      '200 {"data":{"verifyPublicKey":{"coincides":false,"valid":false,"state":null,"notBefore":null,"expiresAt":null,"checkedAt":""}}}',
    ]),
  )
})

test('what cannot be stored does not coincide with what is stored in its stead', async () => {
  const { key, name: owner } = await openAccount(world.url)
  const { publicKey } = await storeKey(world.url, key, { applicationServer: 'a\ufffd' })
  expect(await verify({ owner, applicationServer: 'a\ufffd', publicKey })).toMatchObject({ coincides: true })
  expect(await verify({ owner, applicationServer: 'a\0', publicKey })).toMatchObject({ coincides: false })
})

test.for(['', 'x'.repeat(256), 'half\ud800'])(
  'an owner and an application server %j, which no signed answer could name, are refused',
  async (name) => {
    const { input } = await ownerWithKey()
    for (const member of ['owner', 'applicationServer']) {
      const variables = { input: { ...input, [member]: name } }
      expectBadInput(await call(world.url, null, { query, variables }), `input.${member}`)
    }
  },
)

test('a verification is no use', async () => {
  const { input, key, id } = await ownerWithKey({ maxUses: 1, overusePolicy: 'REFUSE' })
  await verify(input)
  const data = await succeed(world.url, key, {
    query: `{ transactionKey(id: "${id}") { useCount lastUsedAt } }`,
  })
  expect(data).toEqual({ transactionKey: { useCount: 0, lastUsedAt: null } })
})

test.for([
  ['with a private member', { d: 'AAAA' }],
  ['with an unknown member', { color: 'red' }],
] as const)('a presented key %s is refused', async ([, change]) => {
  const { input } = await ownerWithKey()
  const variables = { input: { ...input, publicKey: { ...input.publicKey, ...change } } }
  expectBadInput(await call(world.url, null, { query, variables }), 'input.publicKey')
})

test('several verifications are answered in the order asked, repetitions too', async () => {
  const [a, b] = await Promise.all([ownerWithKey(), ownerWithKey({ expiresAt: secondsAhead(-1) })])
  const stranger = { ...a.input, owner: 'nobody-of-this-name' }
  const inputs = [b.input, stranger, a.input, b.input, a.input]
  expect(await succeed(world.url, null, { query: severalQuery, variables: { inputs } })).toEqual({
    verifyPublicKeys: [
      { coincides: true, state: 'EXPIRED' },
      { coincides: false, state: null },
      { coincides: true, state: 'ACTIVE' },
      { coincides: true, state: 'EXPIRED' },
      { coincides: true, state: 'ACTIVE' },
    ],
  })
})

test('a wrong key among several is named by its place', async () => {
  const { input } = await ownerWithKey()
  const inputs = [input, { ...input, publicKey: {} }]
  expectBadInput(
    await call(world.url, null, { query: severalQuery, variables: { inputs } }),
    'inputs.1.publicKey',
  )
})

test('of none none are answered, 100 are answered and 101 are refused', async () => {
  const { input } = await ownerWithKey()
  const several = (count: number) =>
    call(world.url, null, {
      query: severalQuery,
      variables: { inputs: Array.from({ length: count }, () => input) },
    })
  expect((await several(0)).data).toEqual({ verifyPublicKeys: [] })
  expect((await several(100)).data?.['verifyPublicKeys']).toHaveLength(100)
  expectBadInput(await several(101), 'inputs')
})
