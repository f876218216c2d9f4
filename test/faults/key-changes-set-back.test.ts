import { afterAll, beforeAll, expect, test } from 'vitest'
import { createVerifier } from '../../client/verifier.ts'
import { followKeyChanges } from '../../client/verifier/freshness/follow.ts'
import type { FollowEvent } from '../../client/verifier/freshness/key-change-loop.ts'
import { settleClock } from '../support/clock.ts'
import { administer, type Administrator } from '../support/connections.ts'
import { openAccount, storeKey, type RawAccount } from '../support/raw-client.ts'
import { freePort, startTestServer } from '../support/server.ts'
import {
  followOverEvents,
  followOverSocket,
  openShop,
  privateJwk,
  revoke,
  type Shop,
} from '../support/key-changes.ts'
import { useWorld } from '../support/world.ts'

/*
 * A database that fails over to a standby without the last transactions, or is restored from a backup, gives the positions of
 * the lost changes a second time.
 */

const allowsPrivate = { allowsPrivateApplicationServers: true }

const server = useWorld(allowsPrivate)
let administrator: Administrator
beforeAll(async () => {
  administrator = administer(server.databaseUrl)
})
afterAll(async () => {
  await administrator.close()
})

async function loseLast({ name }: Shop, count: number): Promise<void> {
  await administrator.sql`
    WITH server AS (UPDATE application_servers SET change_position = change_position - ${count} WHERE name = ${name}
      RETURNING id, change_position)
    DELETE FROM key_changes USING server WHERE application_server_id = server.id AND position > server.change_position`
}

async function openKeys({ name }: Shop, count: number) {
  const owner = await openAccount(server.url)
  const keys: { owner: string; publicKey: unknown; id: string }[] = []
  while (keys.length < count) {
    const { id, publicKey } = await storeKey(server.url, owner.key, { applicationServer: name })
    keys.push({ owner: owner.name, publicKey, id })
  }
  return { owner, keys }
}

async function revokeAll(owner: RawAccount, keys: readonly { id: string }[]): Promise<void> {
  for (const { id } of keys) await revoke(server.url, owner, { id })
}

test.each([
  ['a WebSocket', followOverSocket],
  ['server-sent events', followOverEvents],
])(
  'over %s a stream ends with CURSOR_EXPIRED when its list ends before it, or another change has its position',
  async (_transport, follow) => {
    for (const isGrownAgain of [false, true]) {
      const shop = await openShop(server.url)
      const { owner, keys } = await openKeys(shop, 3)
      const feed = await follow(server.url, shop.key)
      await revokeAll(owner, keys.slice(0, 2))
      await feed.next()
      await feed.next()
      await administrator.sql.begin(async (tx) => {
        await tx`DELETE FROM key_changes WHERE position = 2
          AND application_server_id = (SELECT id FROM application_servers WHERE name = ${shop.name})`
        if (isGrownAgain) {
          await tx`INSERT INTO key_changes SELECT id, position, 'REVOKED', now(), 'another', NULL
            FROM application_servers, generate_series(2, 3) AS position WHERE name = ${shop.name}`
        }
      })
      await expect(feed.next(8_000)).rejects.toThrow('CURSOR_EXPIRED')
    }
  },
  30_000,
)

test('a stream at changes that are removed meanwhile ends with CURSOR_EXPIRED, though none is left', async () => {
  const shop = await openShop(server.url)
  const { owner, keys } = await openKeys(shop, 2)
  const feed = await followOverSocket(server.url, shop.key)
  await settleClock(administrator.sql)
  await administrator.sql.begin(async (tx) => {
    for (const { id } of keys) {
      await tx`SELECT record_key_changes(ARRAY[id], ARRAY[${id}]::uuid[], 'REVOKED') FROM accounts WHERE name = ${owner.name}`
    }
    await tx`UPDATE key_changes SET occurred_at = now() - interval '31 days'
      WHERE application_server_id = (SELECT id FROM application_servers WHERE name = ${shop.name})`
    await tx`SELECT prune_key_changes(30, 100)`
  })
  await expect(feed.next(8_000)).rejects.toThrow('CURSOR_EXPIRED')
})

test('after a failover without the last changes no key that is revoked then stays in the cache of a follower', async () => {
  const shop = await openShop(server.url)
  const { owner, keys } = await openKeys(shop, 3)
  const [victim, ...others] = keys
  if (victim === undefined) throw new TypeError('There is a victim.')
  const verifier = createVerifier({ url: server.url, applicationServer: shop.name })
  const events: FollowEvent[] = []
  const following = await followKeyChanges(verifier, {
    signingKey: await privateJwk(shop.key),
    onEvent: (event) => events.push(event),
  })
  await expect.poll(() => following.isUpToDate).toBe(true)
  await revokeAll(owner, others)
  await expect.poll(() => events.filter(({ type }) => type === 'changed')).toHaveLength(2)
  expect(await verifier.verify(victim)).toMatchObject({ status: 'valid' })
  await loseLast(shop, 2)
  await revoke(server.url, owner, victim)
  await expect.poll(async () => (await verifier.verify(victim)).status).toBe('revoked')
  expect(events).toContainEqual({ type: 'lost', code: 'CURSOR_EXPIRED' })
  await expect.poll(() => following.isUpToDate).toBe(true)
  following.close()
}, 30_000)

test('a follower that comes back when as many changes are new as were lost begins anew', async () => {
  const shop = await openShop(server.url)
  const { owner, keys } = await openKeys(shop, 2)
  const [victim, other] = keys
  if (victim === undefined || other === undefined) throw new TypeError('There are two keys.')
  const port = await freePort()
  const first = await startTestServer(server.databaseUrl, { ...allowsPrivate, port })
  const verifier = createVerifier({ url: first.url, applicationServer: shop.name })
  const events: FollowEvent[] = []
  const following = await followKeyChanges(verifier, {
    signingKey: await privateJwk(shop.key),
    onEvent: (event) => events.push(event),
  })
  await expect.poll(() => following.isUpToDate).toBe(true)
  await revoke(server.url, owner, other)
  await expect.poll(() => events.filter(({ type }) => type === 'changed')).toHaveLength(1)
  expect(await verifier.verify(victim)).toMatchObject({ status: 'valid' })
  await first.stop()
  await loseLast(shop, 1)
  await revoke(server.url, owner, victim)
  const second = await startTestServer(server.databaseUrl, { ...allowsPrivate, port })
  await expect.poll(() => following.isUpToDate).toBe(true)
  expect(await verifier.verify(victim)).toMatchObject({ status: 'revoked', source: 'key-server' })
  expect(events).toContainEqual({ type: 'lost', code: 'CURSOR_EXPIRED' })
  following.close()
  await second.stop()
}, 30_000)
