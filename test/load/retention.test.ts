import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeCursorPosition } from '../../schema/wire/cursor.ts'
import { pruneAlerts } from '../../server/alerts/pruning.ts'
import { connectDatabases, type Databases } from '../../server/database/connect.ts'
import { expectRefusal } from '../support/operations.ts'
import {
  beginning,
  listAlerts,
  openSubscriber,
  raise,
  useWorld,
  type Subscriber,
} from '../support/realtime.ts'
import { settleClock } from '../support/clock.ts'
import { keepDoing } from '../support/connections.ts'
import { call } from '../support/raw-client.ts'
import { alertsSubscription, RawSocket } from '../support/socket.ts'

const world = useWorld()
const retentionDays = 30
let databases: Databases

beforeAll(async () => {
  await settleClock(world.administrator.sql)
  databases = connectDatabases({ url: world.servers[0]?.databaseUrl ?? '', writeConnectionsMax: 8 })
})
afterAll(() => databases.close())

/** The cursors of the kept alerts, in order. */
async function cursorsOf({ name }: Subscriber): Promise<readonly string[]> {
  const rows = await world.administrator.sql<{ position: number; at: Date }[]>`
    SELECT position::int, occurred_at AS at FROM alerts JOIN accounts ON id = account_id WHERE name = ${name}
    ORDER BY position`
  return rows.map(({ position, at }) => encodeCursorPosition('alert', { position, atMs: at.getTime() }))
}

/** Makes the alerts up to a position as old as this. */
async function age({ name }: Subscriber, upTo: number, days: number): Promise<void> {
  await world.administrator.sql`
    UPDATE alerts SET occurred_at = occurred_at - make_interval(days => ${days})
    WHERE account_id = (SELECT id FROM accounts WHERE name = ${name}) AND position <= ${upTo}`
}

async function prune(): Promise<void> {
  while (await pruneAlerts(databases, { retentionDays }));
}

async function floorOf({ name }: Subscriber): Promise<number> {
  const [row] = await world.administrator
    .sql`SELECT alert_low_water_mark::int AS floor FROM accounts WHERE name = ${name}`
  return Number(row?.['floor'])
}

function pageAfter({ key }: Subscriber, cursor: string | null) {
  return call(world.url, key, {
    query: `query ($after: String) { account { alerts(first: 10, after: $after) { edges { cursor } } } }`,
    variables: { after: cursor },
  })
}

describe('retention', () => {
  let owner: Subscriber
  let cursors: readonly string[]
  const at = (position: number) => cursors[position - 1] ?? ''
  beforeAll(async () => {
    owner = await openSubscriber(world.url)
    await raise(world, owner, { count: 10 })
    await age(owner, 6, retentionDays + 1)
    await age(owner, 8, retentionDays - 1)
    cursors = await cursorsOf(owner)
    await prune()
  })

  test('removes the alerts that are older, and those only', async () => {
    const kept = await listAlerts(world.url, owner)
    expect(kept.map(({ cursor }) => cursor)).toEqual([7, 8, 9, 10].map(at))
    expect(await floorOf(owner)).toBe(6)
  })

  test('makes a subscription from a cursor before it fail with CURSOR_EXPIRED', async () => {
    const socket = await RawSocket.connect(world.url, owner.key)
    const expired = await socket.run(alertsSubscription, { after: at(5) })
    expect(expired.payload[0]?.extensions.code ?? expired.payload.errors[0].extensions.code).toBe(
      'CURSOR_EXPIRED',
    )
    const kept = await socket.run(alertsSubscription, { after: at(6) })
    expect(kept.payload.data.alerts.cursor).toBe(at(7))
    await socket.close()
  })

  test('makes a page after a cursor before it fail with CURSOR_EXPIRED', async () => {
    expectRefusal(await pageAfter(owner, at(5)), { code: 'CURSOR_EXPIRED' })
    expect((await pageAfter(owner, at(6))).data?.['account'].alerts.edges).toHaveLength(4)
    expect((await pageAfter(owner, null)).data?.['account'].alerts.edges).toHaveLength(4)
  })

  test('leaves the cursor of the last alert that it removed good, and of no other', async () => {
    const last = await openSubscriber(world.url)
    await raise(world, last, { count: 2 })
    await age(last, 2, retentionDays + 1)
    const [first = '', second = ''] = await cursorsOf(last)
    await prune()
    expect(await listAlerts(world.url, last)).toEqual([])
    expectRefusal(await pageAfter(last, first), { code: 'CURSOR_EXPIRED' })
    expect((await pageAfter(last, second)).errors).toEqual([])
  })

  test('removes nothing more when it is repeated, and another account’s alerts never', async () => {
    const other = await openSubscriber(world.url)
    await raise(world, other, { count: 2 })
    await prune()
    expect(await floorOf(owner)).toBe(6)
    expect(await listAlerts(world.url, other)).toHaveLength(2)
  })
})

test('a subscription that has fallen behind what is kept ends with CURSOR_EXPIRED, and skips nothing', async () => {
  const owner = await openSubscriber(world.url)
  await raise(world, owner)
  const socket = await RawSocket.connect(world.url, owner.key)
  socket.subscribe('alerts', { query: alertsSubscription, variables: { after: beginning } })
  expect((await socket.next()).payload.data.alerts.cursor).toBe((await cursorsOf(owner))[0])
  // While it looks away, so to speak: it sees neither the alerts nor their end, only what comes after.
  await world.administrator.sql.begin(async (tx) => {
    const [account] = await tx<{ id: string }[]>`SELECT id FROM accounts WHERE name = ${owner.name}`
    const id = account?.id ?? ''
    for (let raised = 0; raised < 3; raised++) {
      await tx`SELECT raise_alert(${id}, 'KEY_REVOKED', ${owner.keyId}, NULL, '{"reason": "UNSPECIFIED"}')`
    }
    await tx`UPDATE alerts SET occurred_at = now() - interval '1 year' WHERE account_id = ${id} AND position <= 3`
    await tx`SELECT prune_alerts(${retentionDays}, 100)`
  })
  const ended = await socket.next()
  expect(ended.type).toBe('error')
  expect(ended.payload[0].extensions.code).toBe('CURSOR_EXPIRED')
  await socket.close()
})

test('servers that remove at once get in nobody’s way: no deadlock, no gap among what is kept', async () => {
  const owners = await Promise.all(Array.from({ length: 6 }, () => openSubscriber(world.url)))
  const { sql } = world.administrator
  const names = owners.map(({ name }) => name)
  for (const owner of owners) await raise(world, owner, { count: 30 })
  await sql`
    UPDATE alerts SET occurred_at = occurred_at - interval '1 year' WHERE position % 25 <> 0
      AND account_id IN (SELECT id FROM accounts WHERE name = ANY (${names}))`
  const failures: unknown[] = []
  const repeatedly = (work: () => Promise<unknown>) =>
    keepDoing(() => work().catch((error: unknown) => failures.push(error)), 1)
  const ends = [
    ...[1, 2, 3].map(() => repeatedly(() => databases.writes.sql`SELECT prune_alerts(${retentionDays}, 20)`)),
    ...owners.map((owner) => repeatedly(() => raise(world, owner))),
    repeatedly(
      () => databases.writes.sql`
        UPDATE alerts SET acknowledged_at = now() WHERE ctid IN (SELECT ctid FROM alerts WHERE acknowledged_at IS NULL
          ORDER BY random() LIMIT 20)`,
    ),
  ]
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  for (const end of ends) await end()
  // The random order of the update above meets itself in nobody else: whatever fails is a deadlock.
  expect(failures).toEqual([])
  await prune()
  const accounts = await sql<{ floor: number; newest: number; kept: number; first: number }[]>`
    SELECT a.alert_low_water_mark::int AS floor, a.alert_position::int AS newest, count(*)::int AS kept, min(l.position)::int AS first
    FROM accounts a JOIN alerts l ON l.account_id = a.id WHERE a.name = ANY (${names}) GROUP BY a.id`
  expect(accounts).toHaveLength(6)
  for (const { floor, newest, kept, first } of accounts) {
    expect(floor).toBeGreaterThanOrEqual(24)
    expect([first, kept]).toEqual([floor + 1, newest - floor])
  }
})
