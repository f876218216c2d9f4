import { expect, test } from 'vitest'
import { openAccount, storeKey, type RawKey } from '../../support/raw-client.ts'
import { alertsOf, secondsAhead, useWorld } from '../../support/operations.ts'

const world = useWorld()
const kinds = ['KEY_EXPIRING', 'KEY_EXPIRED']

async function keyWith(terms: Record<string, unknown>) {
  const { key } = await openAccount(world.url)
  return { key, id: (await storeKey(world.url, key, terms)).id }
}

/** Lets the alert be due now instead of when its time comes. */
async function elapse(id: string, noticeSeconds: number): Promise<void> {
  await world.sql`UPDATE deadlines SET due_at = now()
    WHERE transaction_key_id = ${id} AND notice_seconds = ${noticeSeconds}`
}

function expectAlerts(key: RawKey, alerts: unknown[]) {
  return expect.poll(() => alertsOf(world.url, key, kinds), { timeout: 5_000 }).toEqual(alerts)
}

/** Long enough for two sweeps. */
function settle() {
  return new Promise((resolve) => setTimeout(resolve, 700))
}

test('the end of a term and the notice before it are alerted when their time comes, each once', async () => {
  const { key } = await openAccount(world.url)
  const expiresAt = secondsAhead(4).toISOString()
  const { id } = await storeKey(world.url, key, { expiresAt, expiryNotices: [1] })
  const expiring = { kind: 'KEY_EXPIRING', transactionKey: { id }, expiresAt, noticeSeconds: 1 }
  expect(await alertsOf(world.url, key, kinds)).toEqual([])
  await expectAlerts(key, [expiring])
  expect(Date.now()).toBeGreaterThan(Date.parse(expiresAt) - 1_000)
  await expectAlerts(key, [expiring, { kind: 'KEY_EXPIRED', transactionKey: { id }, expiresAt }])
  expect(Date.now()).toBeGreaterThan(Date.parse(expiresAt))
  await settle()
  expect(await alertsOf(world.url, key, kinds)).toHaveLength(2)
})

test('notices are alerted largest first, each with its number of seconds', async () => {
  const expiresAt = secondsAhead(3600).toISOString()
  const { key, id } = await keyWith({ expiresAt, expiryNotices: [60, 600] })
  const alert = (noticeSeconds: number) => ({
    kind: 'KEY_EXPIRING',
    transactionKey: { id },
    expiresAt,
    noticeSeconds,
  })
  await elapse(id, 600)
  await expectAlerts(key, [alert(600)])
  await elapse(id, 60)
  await expectAlerts(key, [alert(600), alert(60)])
})

test('a term that has ended when it is stored is alerted at once', async () => {
  const expiresAt = secondsAhead(-60).toISOString()
  const { key, id } = await keyWith({ expiresAt, expiryNotices: [30, 3600] })
  await expectAlerts(key, [{ kind: 'KEY_EXPIRED', transactionKey: { id }, expiresAt }])
})

test('a notice whose time has passed when the key is stored is not alerted', async () => {
  const { key, id } = await keyWith({ expiresAt: secondsAhead(60), expiryNotices: [3600, 30] })
  const rows =
    await world.sql`SELECT notice_seconds FROM deadlines WHERE transaction_key_id = ${id} AND taken_at IS NULL ORDER BY 1`
  expect(rows.map((row) => Number(row['notice_seconds']))).toEqual([0, 30])
  await settle()
  expect(await alertsOf(world.url, key, kinds)).toEqual([])
})

test('a key without a term is never alerted', async () => {
  const { id } = await keyWith({ expiryNotices: [60] })
  expect(await world.sql`SELECT 1 FROM deadlines WHERE transaction_key_id = ${id}`).toHaveLength(0)
})
