import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeCursorPosition, encodeCursorPosition, encodeCursor } from '../../../schema/wire/cursor.ts'
import { pruneKeyChanges } from '../../../server/key-changes/pruning.ts'
import { settleClock } from '../../support/clock.ts'
import { administer, type Administrator } from '../../support/connections.ts'
import { runOnMachines } from '../../support/machines.ts'
import { acquire, call, openAccount, storeKey, type RawAccount } from '../../support/raw-client.ts'
import { startWorlds, type TestServer } from '../../support/server.ts'
import { RawEvents, RawSocket } from '../../support/socket.ts'
import {
  followOverEvents,
  followOverSocket,
  keyChangesSubscription,
  openShop,
  revoke,
  type ChangeFeed,
  type ChangeNode,
  type Shop,
} from '../../support/key-changes.ts'

let servers: TestServer[]
let url: string
let otherUrl: string
let administrator: Administrator
beforeAll(async () => {
  servers = await startWorlds(2, { allowsPrivateApplicationServers: true })
  ;[url = '', otherUrl = ''] = servers.map((server) => server.url)
  administrator = administer(servers[0]?.databaseUrl ?? '')
})
afterAll(async () => {
  await administrator.close()
  for (const server of servers.toReversed()) await server.stop()
})

const beginning = encodeCursor('change', '0')

/** Stores a key for the shop, and answers its id and thumbprint. */
async function store(
  owner: RawAccount,
  shop: Pick<Shop, 'name'>,
  changes: Record<string, unknown> = {},
): Promise<{ id: string; thumbprint: string }> {
  const { id } = await storeKey(url, owner.key, { applicationServer: shop.name, ...changes })
  const { data } = await call(url, owner.key, {
    query: `query ($id: ID!) { transactionKey(id: $id) { thumbprint } }`,
    variables: { id },
  })
  const thumbprint: string = data?.['transactionKey'].thumbprint
  return { id, thumbprint }
}

const updateMutation = `mutation ($input: UpdateTransactionKeyInput!) { updateTransactionKey(input: $input) { id } }`
const destroyMutation = `mutation ($id: ID!) { destroyTransactionKey(id: $id) { id } }`

test.each([
  ['a WebSocket', followOverSocket],
  ['server-sent events', followOverEvents],
])(
  'over %s a change made through another server arrives within a second, with its kind, thumbprint and term',
  async (_transport, follow) => {
    const [owner, shop] = [await openAccount(url), await openShop(url)]
    const feed = await follow(url, shop.key)
    const revoked = await store(owner, shop)
    const beganAt = performance.now()
    await revoke(otherUrl, owner, revoked)
    expect(await feed.next()).toMatchObject({
      kind: 'REVOKED',
      thumbprint: revoked.thumbprint,
      expiresAt: null,
    })
    expect(performance.now() - beganAt).toBeLessThan(1_000)

    const superseded = await store(owner, shop)
    await revoke(otherUrl, owner, { id: superseded.id, reason: 'SUPERSEDED' })
    expect(await feed.next()).toMatchObject({ kind: 'SUPERSEDED', thumbprint: superseded.thumbprint })

    const destroyed = await store(owner, shop)
    await call(otherUrl, owner.key, { query: destroyMutation, variables: { id: destroyed.id } })
    expect(await feed.next()).toMatchObject({ kind: 'DESTROYED', thumbprint: destroyed.thumbprint })

    const expiring = await store(owner, shop)
    const expiresAt = new Date(Date.now() + 700).toISOString()
    await call(otherUrl, owner.key, {
      query: updateMutation,
      variables: { input: { id: expiring.id, expiresAt } },
    })
    expect(await feed.next()).toMatchObject({
      kind: 'TERM_CHANGED',
      thumbprint: expiring.thumbprint,
      expiresAt,
    })
    expect(await feed.next()).toMatchObject({ kind: 'EXPIRED', thumbprint: expiring.thumbprint, expiresAt })
    await feed.close()
  },
)

test('what changes nothing for an application server is not told: uses, labels, repetitions and symmetric keys', async () => {
  const [owner, shop] = [await openAccount(url), await openShop(url)]
  const feed = await followOverSocket(url, shop.key)
  const { id } = await store(owner, shop)
  await acquire(url, owner.key, { id })
  await call(url, owner.key, {
    query: updateMutation,
    variables: { input: { id, label: 'new', maxUses: 5 } },
  })
  const symmetric = await storeKey(url, owner.key, { applicationServer: shop.name, publicKey: null })
  await revoke(url, owner, symmetric)
  await revoke(url, owner, { id })
  await revoke(url, owner, { id })
  const first = await feed.next()
  expect([first.kind, positionOf(first)]).toEqual(['REVOKED', 1])
  const last = await store(owner, shop)
  await revoke(url, owner, last)
  const second = await feed.next()
  expect([second.thumbprint, positionOf(second)]).toEqual([last.thumbprint, 2])
  await feed.close()
})

test('an application server learns of its own keys only, and nothing is stored for one that has not registered', async () => {
  const owner = await openAccount(url)
  const [shop, other] = [await openShop(url), await openShop(url)]
  const feed = await followOverSocket(url, shop.key)
  for (const name of [other.name, 'https://unregistered.example']) {
    await revoke(url, owner, await store(owner, { name }))
  }
  const own = await store(owner, shop)
  await revoke(url, owner, own)
  const change = await feed.next()
  expect([change.thumbprint, positionOf(change)]).toEqual([own.thumbprint, 1])
  expect(JSON.stringify(change)).not.toContain(owner.name)
  await feed.close()
  const [counted] = await administrator.sql`
    SELECT count(*)::int AS count FROM key_changes
    WHERE application_server_id NOT IN (SELECT id FROM application_servers WHERE proved_at IS NOT NULL)`
  expect(counted?.['count']).toBe(0)
})

test('under parallel changes through two servers each is told once and in order, also to who comes back by cursor', async () => {
  const shops = [await openShop(url), await openShop(url)]
  const owners = await Promise.all(Array.from({ length: 4 }, () => openAccount(url)))
  const stored = await Promise.all(
    owners.flatMap((owner) =>
      shops.flatMap((shop) =>
        Array.from({ length: 6 }, async () => ({ owner, shop, ...(await store(owner, shop)) })),
      ),
    ),
  )
  const feeds = await Promise.all(shops.map((shop) => followOverSocket(url, shop.key)))
  await Promise.all(
    stored.map((key, index) => revoke(index % 2 === 0 ? url : otherUrl, key.owner, { id: key.id })),
  )
  for (const [index, shop] of shops.entries()) {
    const own = stored.filter((key) => key.shop === shop).map(({ thumbprint }) => thumbprint)
    const told = await take(feeds[index], own.length)
    expect(told.map(positionOf)).toEqual(own.map((_, place) => place + 1))
    expect(told.map(({ thumbprint }) => thumbprint).sort()).toEqual(own.sort())
    const resumed = await followOverEvents(otherUrl, shop.key, { after: told[9]?.cursor ?? '' })
    expect(await take(resumed, own.length - 10)).toEqual(told.slice(10))
    await resumed.close()
    await feeds[index]?.close()
  }
})

test('a thousand keys that expire at once are told without gaps', async () => {
  const [owner, shop] = [await openAccount(url), await openShop(url)]
  const { id } = await store(owner, shop)
  await administrator.sql`
    WITH original AS (SELECT * FROM transaction_keys WHERE id = ${id}), copies AS (
      INSERT INTO transaction_keys (account_id, id, application_server, thumbprint, expires_at, expiry_notices,
        has_default_notices, content_hash)
      SELECT account_id, gen_random_uuid(), application_server, 'thumbprint-' || n, now(), '{}', true, content_hash
      FROM original, generate_series(1, 1000) AS n
      RETURNING account_id, id
    )
    INSERT INTO deadlines (account_id, transaction_key_id, notice_seconds, due_at, expires_at)
    SELECT account_id, id, 0, now(), now() FROM copies`
  const feed = await followOverSocket(url, shop.key, { after: beginning })
  const told = await take(feed, 1000)
  expect(new Set(told.map(({ thumbprint }) => thumbprint)).size).toBe(1000)
  expect(told.map(positionOf)).toEqual(told.map((_, place) => place + 1))
  await feed.close()
})

test('the word that all is told comes at once, after changes, and every few seconds, with the cursor to resume after', async () => {
  const [owner, shop] = [await openAccount(url), await openShop(url)]
  const feed = await followOverSocket(url, shop.key, { after: beginning })
  expect(await feed.nextOfAny(1_000)).toMatchObject({
    kind: 'UP_TO_DATE',
    thumbprint: null,
    cursor: beginning,
  })
  expect(await feed.nextOfAny(8_000)).toMatchObject({ kind: 'UP_TO_DATE', cursor: beginning })
  await revoke(url, owner, await store(owner, shop))
  const { cursor } = await feed.nextOfAny(1_000)
  expect(await feed.nextOfAny(1_000)).toMatchObject({ kind: 'UP_TO_DATE', cursor })
  await feed.close()
})

test('a stream ends when its key is revoked, also when the notification of that is lost', async () => {
  const shop = await openShop(url)
  const feed = await followOverEvents(url, shop.key)
  await administrator.sql`UPDATE application_server_keys SET revoked_at = now() WHERE id = ${shop.key.id}`
  await expect(feed.next(8_000)).rejects.toThrow('SIGNATURE_INVALID')
})

test('a cursor of removed changes, of a future or of another list is refused', async () => {
  const [owner, shop] = [await openAccount(url), await openShop(url)]
  for (let count = 0; count < 3; count++) await revoke(url, owner, await store(owner, shop))
  await administrator.sql`
    UPDATE key_changes SET occurred_at = now() - interval '31 days'
    WHERE position <= 2 AND application_server_id = (SELECT id FROM application_servers WHERE name = ${shop.name})`
  await settleClock(administrator.sql)
  await runOnMachines(servers[0]?.databaseUrl ?? '', pruneKeyChanges)
  const occurredAtMs = new Map(
    (
      await administrator.sql<{ position: number; at: Date }[]>`
        SELECT change_low_water_mark::int AS position, change_low_water_mark_at AS at FROM application_servers WHERE name = ${shop.name}
        UNION ALL SELECT position::int, occurred_at FROM key_changes
        WHERE application_server_id = (SELECT id FROM application_servers WHERE name = ${shop.name})`
    ).map(({ position, at }) => [position, at.getTime()]),
  )
  expect([...occurredAtMs.keys()]).toEqual([2, 3])
  const cursorAt = (position: number) =>
    encodeCursorPosition('change', { position, atMs: occurredAtMs.get(position) ?? 0 })
  expect(await answerTo(shop, cursorAt(1))).toBe('CURSOR_EXPIRED')
  expect(await answerTo(shop, cursorAt(4))).toBe('CURSOR_EXPIRED')
  expect(await answerTo(shop, cursorAt(2))).toBe('REVOKED')
  // The earlier form of a cursor cannot tell that the database was set back.
  expect(await answerTo(shop, encodeCursor('change', '2'))).toBe('CURSOR_EXPIRED')
  expect(await answerTo(shop, encodeCursor('alert', '2'))).toBe('BAD_USER_INPUT')
})

test('who names an application server that the key is not of is refused with FORBIDDEN, over either transport', async () => {
  const [shop, other] = [await openShop(url), await openShop(url)]
  const query = `subscription ($name: String) { keyChanges(applicationServer: $name) { kind } }`
  for (const [name, expected] of [
    [shop.name, 'UP_TO_DATE'],
    [other.name, 'FORBIDDEN'],
    [`${shop.name}/`, 'FORBIDDEN'],
    ['', 'BAD_USER_INPUT'],
  ] as const) {
    const socket = await RawSocket.connect(url, shop.key)
    socket.subscribe('1', { query, variables: { name } })
    const { payload } = await socket.next()
    await socket.close()
    expect(payload.errors?.[0].extensions.code ?? payload.data.keyChanges.kind, name).toBe(expected)
    const events = await RawEvents.open(url, shop.key, { query, variables: { name } })
    const { errors, data } = JSON.parse((await events.next()).data)
    await events.close()
    expect(errors?.[0].extensions.code ?? data.keyChanges.kind, name).toBe(expected)
  }
})

/** The kind of the first change after a cursor, or the code of the refusal. */
async function answerTo(shop: Shop, after: string): Promise<string> {
  const socket = await RawSocket.connect(url, shop.key)
  socket.subscribe('1', { query: keyChangesSubscription, variables: { after } })
  const { payload } = await socket.next()
  await socket.close()
  const answer: string = payload.errors?.[0].extensions.code ?? payload.data.keyChanges.kind
  return answer
}

function positionOf({ cursor }: ChangeNode): number | undefined {
  return decodeCursorPosition('change', cursor)?.position
}

async function take(feed: ChangeFeed | undefined, count: number): Promise<ChangeNode[]> {
  const taken: ChangeNode[] = []
  while (feed !== undefined && taken.length < count) taken.push(await feed.next())
  return taken
}
