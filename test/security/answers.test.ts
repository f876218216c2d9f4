import { randomUUID } from 'node:crypto'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { limits } from '../../schema/wire/limits.ts'
import { isLongerThan } from '../../server/graphql/answer-size.ts'
import { call, openAccount, storeKey, type RawAccount } from '../support/raw-client.ts'

// The same, to be counted, in a server that is loaded anew.
const rowsModule = '../../server/management-keys/management-key-rows.ts'
vi.doMock(rowsModule, { spy: true })
vi.resetModules()
const { pick, useWorld } = await import('../support/operations.ts')
const rows = await import('../../server/management-keys/management-key-rows.ts')
afterAll(() => {
  vi.doUnmock(rowsModule)
  vi.resetModules()
})

const world = useWorld()

interface Crowd {
  readonly account: RawAccount
  readonly transactionKeyIds: readonly string[]
}

/**
 * An account of as many keys as a page has, each wrapped for as many management keys as may be active, with texts as long as
 * they may be. Put into the database: stored one by one it would take minutes.
 */
async function crowd({ holders }: { readonly holders: number }): Promise<Crowd> {
  const account = await openAccount(world.url)
  const { id } = await storeKey(world.url, account.key)
  const { sql } = world
  const ids = Array.from({ length: limits.batchMax - 1 }, () => randomUUID())
  await sql`
    INSERT INTO management_keys (account_id, id, label, kind, signing_key, wrapping_key, endorsement)
    SELECT k.account_id, translate(left(encode(sha256(n::text::bytea), 'base64'), 43), '+/', '-_'),
      repeat('l', ${limits.labelCharactersMax}::int), k.kind, k.signing_key, k.wrapping_key, repeat('e', 1000)
    FROM management_keys k, generate_series(2, ${holders}) n WHERE k.id = ${account.key.id}`
  await sql`
    INSERT INTO transaction_keys
      (account_id, id, application_server, label, expiry_notices, has_default_notices, content_hash, certificate, public_key)
    SELECT k.account_id, n, repeat('s', 255), repeat('l', 255), k.expiry_notices, k.has_default_notices, k.content_hash,
      repeat('c', ${limits.statementCharactersMax}::int), jsonb_build_object('kty', 'AKP', 'alg', 'ML-DSA-87', 'pub', repeat('p', 3456))
    FROM transaction_keys k, unnest(${ids}::uuid[]) n WHERE k.id = ${id}`
  await sql`
    INSERT INTO transaction_key_usage (account_id, transaction_key_id, overuse_policy)
    SELECT u.account_id, n, u.overuse_policy FROM transaction_key_usage u, unnest(${ids}::uuid[]) n
    WHERE u.transaction_key_id = ${id}`
  await sql`
    INSERT INTO wrapped_keys (account_id, transaction_key_id, management_key_id, jwe)
    SELECT m.account_id, t.id, m.id, repeat('j', ${limits.jweCharactersMax}::int)
    FROM management_keys m JOIN transaction_keys t ON t.account_id = m.account_id
    JOIN management_keys own ON own.account_id = m.account_id AND own.id = ${account.key.id}
    WHERE ${holders}::int <= 100
    ON CONFLICT DO NOTHING`
  return { account, transactionKeyIds: [id, ...ids] }
}

const description = `id applicationServer label publicKey thumbprint state notBefore expiresAt expiryNotices maxUses useCount
  refusedCount overusePolicy lastUsedAt createdAt revokedAt revocationReason certificate wrappedFor { id }`

describe('the answer to a signed request', () => {
  test('is refused whole beyond its bound, whichever way it grows', { timeout: 60_000 }, async () => {
    const { account, transactionKeyIds } = await crowd({ holders: 100 })
    const page = (fields: string) =>
      `{ account { transactionKeys(first: 100) { edges { node { ${fields} } } } } }`
    const aliases = (field: string, count = 15) =>
      Array.from({ length: count }, (_, index) => `a${index}: ${field}`).join(' ')
    const longAliases = (field: string) =>
      Array.from({ length: 15 }, (_, index) => `${'a'.repeat(60)}${index}: ${field}`).join(' ')
    for (const query of [
      page('wrappedFor { endorsement }'),
      page(`wrappedFor { ${aliases('id')} }`),
      page(`wrappedFor { ${longAliases('__typename')} }`),
      page(aliases('certificate')),
      page(aliases('publicKey')),
      `query ($ids: [ID!]!) { wrappedKeys(transactionKeyIds: $ids) { ${aliases('jwe')} } }`,
    ]) {
      const answer = await call(world.url, account.key, { query, variables: { ids: transactionKeyIds } })
      expect(answer, query).toMatchObject({ status: 413, code: 'TOO_LARGE', data: undefined })
      expect(answer.errors).toHaveLength(1)
    }
    const fits = await call(world.url, account.key, { query: page('wrappedFor { id label }') })
    expect(fits.errors).toEqual([])
  })

  test(
    'holds a page of the longest keys with their longest copies, and the longest list of management keys',
    { timeout: 60_000 },
    async () => {
      const { account, transactionKeyIds } = await crowd({ holders: 100 })
      const copies = await call(world.url, account.key, {
        query: `query ($ids: [ID!]!) { wrappedKeys(transactionKeyIds: $ids, purpose: EXPORT) { jwe transactionKey { ${description} } } }`,
        variables: { ids: transactionKeyIds },
      })
      expect(copies.errors).toEqual([])
      expect(pick(copies.data, 'wrappedKeys', 99, 'transactionKey', 'wrappedFor', 99, 'id')).toBeDefined()
      const crowded = await crowd({ holders: 1_000 })
      const keys = await call(world.url, crowded.account.key, {
        query: `{ account { id name createdAt managementKeys(includeRevoked: true) {
          id label kind signingKey wrappingKey endorsement createdAt lastUsedAt revokedAt } } }`,
      })
      expect(keys.errors).toEqual([])
      expect(pick(keys.data, 'account', 'managementKeys', 999, 'id')).toBeDefined()
    },
  )
})

test('a list of management keys is read once for a request, however many aliases ask for it', async () => {
  const { key } = await openAccount(world.url)
  const reads = vi.spyOn(rows, 'selectManagementKeys')
  const aliases = Array.from({ length: 10 }, (_, index) => `a${index}: managementKeys { id }`).join(' ')
  const query = `{ account { ${aliases} } b: account { c: managementKeys { id } } }`
  expect((await call(world.url, key, { query })).errors).toEqual([])
  expect(reads).toHaveBeenCalledTimes(1)
  await call(world.url, key, { query })
  expect(reads).toHaveBeenCalledTimes(2)
})

test('an answer is measured about as long as its JSON', () => {
  const answer = { a: ['x'.repeat(100), 7, null, true, { bb: 'y', c: [] }], d: { e: 'z' } }
  const { length } = JSON.stringify(answer)
  expect(isLongerThan(answer, length - 20)).toBe(true)
  expect(isLongerThan(answer, length + 20)).toBe(false)
  expect(isLongerThan(undefined, 100)).toBe(false)
})
