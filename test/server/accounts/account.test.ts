import { expect, test } from 'vitest'
import { call, openAccount } from '../../support/raw-client.ts'
import { expectSignedOnly, expectUnauthenticated, pick, succeed, useWorld } from '../../support/operations.ts'

const world = useWorld()
const query =
  '{ account { id name createdAt managementKeys { id label kind signingKey wrappingKey lastUsedAt } } }'

test('account is the one whose management key signed the request', async () => {
  const [a, b] = await Promise.all([openAccount(world.url), openAccount(world.url)])
  for (const { name, key } of [a, b]) {
    const account = pick(await succeed(world.url, key, { query }), 'account')
    expect(account).toMatchObject({ name, managementKeys: [{ id: key.id, signingKey: key.signingKey }] })
  }
})

test('account takes a signature by a registered key', async () => {
  await expectSignedOnly(world.url, { query })
})

test('a management key shows when it was last used', async () => {
  const { key } = await openAccount(world.url)
  const account = pick(await succeed(world.url, key, { query }), 'account')
  const lastUsedAt = String(pick(account, 'managementKeys', 0, 'lastUsedAt'))
  expect(Math.abs(Date.parse(lastUsedAt) - Date.now())).toBeLessThan(10_000)
})

test('a revoked management key is listed only on request, and cannot sign', async () => {
  const { key } = await openAccount(world.url)
  const before = await succeed(world.url, key, { query: '{ account { id } }' })
  const other = await openAccount(world.url)
  // Set in the database: what revoked keys look like does not depend on how they were revoked.
  await world.sql`
    INSERT INTO management_keys (account_id, id, label, kind, signing_key, revoked_at)
    SELECT ${String(pick(before, 'account', 'id'))}, 'revoked', 'lost', 'DEVICE', signing_key, now()
    FROM management_keys WHERE id = ${other.key.id}`
  const lists = await succeed(world.url, key, {
    query: `{ account { default: managementKeys { id } active: managementKeys(includeRevoked: false) { id }
      all: managementKeys(includeRevoked: true) { id revokedAt } } }`,
  })
  expect(lists).toEqual({
    account: {
      default: [{ id: key.id }],
      active: [{ id: key.id }],
      all: [
        { id: key.id, revokedAt: null },
        { id: 'revoked', revokedAt: expect.any(String) },
      ],
    },
  })
  await world.sql`UPDATE management_keys SET revoked_at = now() WHERE id = ${key.id}`
  expectUnauthenticated(await call(world.url, key, { query }), 'SIGNATURE_INVALID')
})
