import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { parsePublicJwk } from '../../../schema/wire/keys/jwk.ts'
import { thumbprint } from '../../../schema/wire/keys/thumbprint.ts'
import {
  call,
  createRawKey,
  openAccount,
  storeInput,
  storeKey,
  storeMutation,
  wrap,
  type RawKey,
} from '../../support/raw-client.ts'
import {
  expectRefusal,
  expectSignedOnly,
  pick,
  secondsAhead,
  succeed,
  useWorld,
} from '../../support/operations.ts'

const world = useWorld()

function store(key: RawKey, input: Record<string, unknown>) {
  return call(world.url, key, { query: storeMutation, variables: { input } })
}

async function stored(key: RawKey, input: Record<string, unknown>) {
  return pick(
    await succeed(world.url, key, { query: storeMutation, variables: { input } }),
    'storeTransactionKey',
  )
}

test('what is stored is described as it was sent', async () => {
  const { key } = await openAccount(world.url)
  const terms = {
    label: 'shop 🔑',
    notBefore: '2026-01-01T00:00:00.123Z',
    expiresAt: secondsAhead(40 * 86_400).toISOString(),
    expiryNotices: [3600, 60],
    maxUses: 5,
    overusePolicy: 'REFUSE',
  }
  const input = await storeInput(key, terms)
  expect(await stored(key, input)).toEqual({
    ...terms,
    id: input.id,
    applicationServer: 'https://shop.example',
    publicKey: input.publicKey,
    thumbprint: await thumbprint(parsePublicJwk(input.publicKey)),
    state: 'ACTIVE',
    useCount: 0,
    refusedCount: 0,
    lastUsedAt: null,
    createdAt: expect.any(String),
    revokedAt: null,
    revocationReason: null,
    wrappedFor: [{ id: key.id }],
  })
})

test('what is not sent is null, NOTIFY and no notices', async () => {
  const { key } = await openAccount(world.url)
  expect(await stored(key, await storeInput(key))).toMatchObject({
    label: null,
    notBefore: null,
    expiresAt: null,
    expiryNotices: [],
    maxUses: null,
    overusePolicy: 'NOTIFY',
  })
})

test('a symmetric key has no public key and no thumbprint, and any number of them is stored for a server', async () => {
  const { key } = await openAccount(world.url)
  for (let count = 0; count < 2; count++) {
    const input = await storeInput(key, { publicKey: null })
    expect(await stored(key, input)).toMatchObject({ publicKey: null, thumbprint: null })
  }
})

test('metadata of a public key is accepted and not kept', async () => {
  const { key } = await openAccount(world.url)
  const { publicKey } = await storeInput(key)
  const input = await storeInput(key, {
    publicKey: { ...publicKey, use: 'sig', kid: 'x', alg: 'EdDSA', ext: true },
  })
  expect(await stored(key, input)).toMatchObject({ publicKey })
})

test('a repeated request with the same content returns the stored key', async () => {
  const { key } = await openAccount(world.url)
  const input = await storeInput(key, { expiresAt: secondsAhead(3600).toISOString(), maxUses: 2 })
  const first = await stored(key, input)
  expect(await stored(key, input)).toEqual(first)
  const spelledOut = { ...input, label: null, overusePolicy: 'NOTIFY', id: input.id.toUpperCase() }
  expect(await stored(key, spelledOut)).toEqual(first)
})

test('a repeated request after a use and a change returns the key as it is now, and resets nothing', async () => {
  const { key } = await openAccount(world.url)
  const input = await storeKey(world.url, key)
  await succeed(world.url, key, {
    query: `mutation { updateTransactionKey(input: {id: "${input.id}", label: "new"}) { id } }`,
  })
  await succeed(world.url, key, { query: `{ wrappedKey(transactionKeyId: "${input.id}") { jwe } }` })
  expect(await stored(key, input)).toMatchObject({ label: 'new', useCount: 1 })
})

test('ten repeated requests at once all return the stored key, and arm its alerts once', async () => {
  const { key } = await openAccount(world.url)
  const input = await storeInput(key, { expiresAt: secondsAhead(3600), expiryNotices: [60] })
  const answers = await Promise.all(Array.from({ length: 10 }, () => store(key, input)))
  const [first] = answers
  for (const answer of answers) expect(answer).toEqual(first)
  expect(first?.errors).toEqual([])
  const rows = await world.sql`SELECT 1 FROM deadlines WHERE transaction_key_id = ${input.id}`
  expect(rows).toHaveLength(2)
})

test('any other content under a known id is a conflict, and changes nothing', async () => {
  const { key } = await openAccount(world.url)
  const input = await storeInput(key)
  const before = await stored(key, input)
  const other = await storeInput(key)
  const changes = [
    { applicationServer: 'https://other.example' },
    { label: 'x' },
    { publicKey: null },
    { publicKey: other.publicKey },
    { wrappedKeys: other['wrappedKeys'] },
    { notBefore: secondsAhead(-60) },
    { expiresAt: secondsAhead(60) },
    { expiryNotices: [60] },
    { maxUses: 1 },
    { overusePolicy: 'REFUSE' },
  ]
  for (const change of changes) expectRefusal(await store(key, { ...input, ...change }), { code: 'CONFLICT' })
  expect(await stored(key, input)).toEqual(before)
})

test('a public key that is already stored for this application server is a conflict', async () => {
  const { key } = await openAccount(world.url)
  const { publicKey } = await storeKey(world.url, key)
  expectRefusal(await store(key, await storeInput(key, { publicKey })), { code: 'CONFLICT' })
})

test('a public key may be stored for another application server and by another account', async () => {
  const [{ key }, { key: other }] = await Promise.all([openAccount(world.url), openAccount(world.url)])
  const { publicKey } = await storeKey(world.url, key)
  await storeKey(world.url, key, { publicKey, applicationServer: 'https://other.example' })
  await storeKey(world.url, other, { publicKey })
})

test('another account may use the same id', async () => {
  const [{ key }, { key: other }] = await Promise.all([openAccount(world.url), openAccount(world.url)])
  const { id } = await storeKey(world.url, key)
  await storeKey(world.url, other, { id })
})

test("a wrapped key for an unknown, a revoked and another account's management key get the same answer", async () => {
  const [{ key }, { key: other }, unknown] = await Promise.all([
    openAccount(world.url),
    openAccount(world.url),
    createRawKey(),
  ])
  const attempt = async (managementKey: RawKey) => {
    const own = { managementKeyId: key.id, jwe: await wrap(key) }
    const foreign = { managementKeyId: managementKey.id, jwe: await wrap(managementKey) }
    const input = await storeInput(key, { wrappedKeys: [own, foreign] })
    const answer = await store(key, input)
    expect(await succeed(world.url, key, { query: `{ transactionKey(id: "${input.id}") { id } }` })).toEqual({
      transactionKey: null,
    })
    return answer
  }
  const answer = await attempt(unknown)
  expectRefusal(answer, { code: 'NOT_FOUND' })
  expect(await attempt(other)).toEqual(answer)
  await world.sql`
    INSERT INTO management_keys (account_id, id, label, kind, signing_key, revoked_at)
    SELECT k.account_id, ${unknown.id}, 'lost', 'DEVICE', k.signing_key, now() FROM management_keys k WHERE k.id = ${key.id}`
  expect(await attempt(unknown)).toEqual(answer)
})

test('default notices are those of 30 days, 7 days and 1 day that still lie ahead', async () => {
  const { key } = await openAccount(world.url)
  const notices = async (seconds: number) => {
    const input = await storeInput(key, { expiresAt: secondsAhead(seconds) })
    return pick(await stored(key, input), 'expiryNotices')
  }
  const day = 86_400
  expect(await notices(31 * day)).toEqual([30 * day, 7 * day, day])
  expect(await notices(30 * day - 60)).toEqual([7 * day, day])
  expect(await notices(2 * day)).toEqual([day])
  expect(await notices(3600)).toEqual([])
})

test('notices are answered largest first, each once', async () => {
  const { key } = await openAccount(world.url)
  const expiresAt = secondsAhead(3600)
  const sorted = await stored(key, await storeInput(key, { expiresAt, expiryNotices: [1, 600, 60, 600, 1] }))
  expect(sorted).toMatchObject({ expiryNotices: [600, 60, 1] })
  const none = await stored(key, await storeInput(key, { expiresAt, expiryNotices: [] }))
  expect(none).toMatchObject({ expiryNotices: [] })
})

test('storing takes a signature by a registered key', async () => {
  const input = await storeInput(await createRawKey(), { id: randomUUID() })
  await expectSignedOnly(world.url, { query: storeMutation, variables: { input } })
})
