import { expect, test } from 'vitest'
import { alertsOf, secondsAhead, succeed } from '../support/operations.ts'
import { useWorld } from '../support/realtime.ts'
import { openAccount, storeKey, type RawKey } from '../support/raw-client.ts'
import { startTestServer } from '../support/server.ts'

/* Two servers sweep the same deadlines all the while. */
const world = useWorld({ count: 2 })

const hourSeconds = 3_600

async function keyWith(terms: Record<string, unknown>): Promise<{ key: RawKey; id: string }> {
  const { key } = await openAccount(world.url)
  return { key, id: (await storeKey(world.url, key, terms)).id }
}

/** Lets so many seconds pass for a key: its deadlines, and the term they are of, come that much nearer. */
function pass(id: string, seconds: number) {
  return world.sql`
    UPDATE deadlines SET due_at = due_at - make_interval(secs => ${seconds}),
      expires_at = expires_at - make_interval(secs => ${seconds})
    WHERE transaction_key_id = ${id}`
}

async function kindsOf(key: RawKey): Promise<string[]> {
  const alerts = await alertsOf(world.url, key, ['KEY_EXPIRING', 'KEY_EXPIRED'])
  return alerts.map((alert) => {
    const { kind, noticeSeconds } = alert as { kind: string; noticeSeconds?: number }
    return noticeSeconds === undefined ? kind : `${kind} ${noticeSeconds}`
  })
}

function expectKinds(key: RawKey, kinds: readonly string[]) {
  return expect.poll(() => kindsOf(key), { timeout: 5_000 }).toEqual(kinds)
}

/** Long enough for two sweeps of each server. */
function settle() {
  return new Promise((resolve) => setTimeout(resolve, 700))
}

function change(key: RawKey, input: Record<string, unknown>) {
  return succeed(world.url, key, {
    query: `mutation ($input: UpdateTransactionKeyInput!) { updateTransactionKey(input: $input) { id } }`,
    variables: { input },
  })
}

test('each notice and the end are alerted once, in their order, by two servers', async () => {
  const { key, id } = await keyWith({
    expiresAt: secondsAhead(10 * hourSeconds),
    expiryNotices: [60, 7200, hourSeconds],
  })
  await pass(id, 8.5 * hourSeconds)
  await expectKinds(key, ['KEY_EXPIRING 7200'])
  await pass(id, hourSeconds)
  await expectKinds(key, ['KEY_EXPIRING 7200', 'KEY_EXPIRING 3600'])
  await pass(id, hourSeconds)
  await expectKinds(key, ['KEY_EXPIRING 7200', 'KEY_EXPIRING 3600', 'KEY_EXPIRED'])
  await settle()
  expect(await kindsOf(key)).toHaveLength(3)
})

test('after a time without any server, the end is alerted, and no notice that it has overtaken', async () => {
  const { key, id } = await keyWith({
    expiresAt: secondsAhead(10 * hourSeconds),
    expiryNotices: [60, hourSeconds],
  })
  await pass(id, 11 * hourSeconds)
  await expectKinds(key, ['KEY_EXPIRED'])
  await settle()
  expect(await kindsOf(key)).toHaveLength(1)
})

test('extending a term arms its notices and its end anew', async () => {
  const { key, id } = await keyWith({
    expiresAt: secondsAhead(2 * hourSeconds),
    expiryNotices: [hourSeconds],
  })
  await pass(id, 1.5 * hourSeconds)
  await expectKinds(key, ['KEY_EXPIRING 3600'])
  await change(key, { id, expiresAt: secondsAhead(10 * hourSeconds) })
  await settle()
  expect(await kindsOf(key)).toEqual(['KEY_EXPIRING 3600'])
  await pass(id, 9.5 * hourSeconds)
  await expectKinds(key, ['KEY_EXPIRING 3600', 'KEY_EXPIRING 3600'])
  await pass(id, hourSeconds)
  await expectKinds(key, ['KEY_EXPIRING 3600', 'KEY_EXPIRING 3600', 'KEY_EXPIRED'])
})

test('a term that has ended and is extended ends, and is alerted, once more', async () => {
  const { key, id } = await keyWith({ expiresAt: secondsAhead(-60), expiryNotices: [] })
  await expectKinds(key, ['KEY_EXPIRED'])
  await change(key, { id, expiresAt: secondsAhead(hourSeconds) })
  await pass(id, 2 * hourSeconds)
  await expectKinds(key, ['KEY_EXPIRED', 'KEY_EXPIRED'])
})

test('repeating the same term, or changing something else, alerts nothing anew', async () => {
  const expiresAt = secondsAhead(2 * hourSeconds)
  const { key, id } = await keyWith({ expiresAt, expiryNotices: [hourSeconds] })
  await pass(id, 1.5 * hourSeconds)
  await expectKinds(key, ['KEY_EXPIRING 3600'])
  await change(key, { id, label: 'new', maxUses: 5 })
  await settle()
  expect(await kindsOf(key)).toEqual(['KEY_EXPIRING 3600'])
  const rows = await world.sql`SELECT notice_seconds FROM deadlines
    WHERE transaction_key_id = ${id} AND taken_at IS NULL`
  expect(rows.map((row) => Number(row['notice_seconds']))).toEqual([0])
})

test.each([
  ['revoked', 'mutation ($id: ID!) { revokeTransactionKey(id: $id) { id } }'],
  ['destroyed', 'mutation ($id: ID!) { destroyTransactionKey(id: $id) { id } }'],
])('a key that is %s has no end and no notice any more', async (_what, query) => {
  const { key, id } = await keyWith({ expiresAt: secondsAhead(2), expiryNotices: [1] })
  await succeed(world.url, key, { query, variables: { id } })
  expect(await world.sql`SELECT 1 FROM deadlines WHERE transaction_key_id = ${id}`).toHaveLength(0)
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  expect(await kindsOf(key)).toEqual([])
})

test('a notice that is longer than the term never fires', async () => {
  const { key, id } = await keyWith({
    expiresAt: secondsAhead(hourSeconds),
    expiryNotices: [2 * hourSeconds, 60],
  })
  await pass(id, hourSeconds - 30)
  await expectKinds(key, ['KEY_EXPIRING 60'])
  await settle()
  expect(await kindsOf(key)).toHaveLength(1)
})

test('a server that is started anew alerts nothing that was alerted before', async () => {
  const { key, id } = await keyWith({
    expiresAt: secondsAhead(2 * hourSeconds),
    expiryNotices: [hourSeconds],
  })
  await pass(id, 1.5 * hourSeconds)
  await expectKinds(key, ['KEY_EXPIRING 3600'])
  const another = await startTestServer(world.servers[0]?.databaseUrl ?? '')
  await settle()
  await another.stop()
  expect(await kindsOf(key)).toEqual(['KEY_EXPIRING 3600'])
})
