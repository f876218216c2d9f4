import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { NotificationListener } from '../../../server/events/notification-listener.ts'
import { Notifications, type Signal } from '../../../server/events/notifications.ts'
import { createLogger } from '../../../server/lib/log.ts'
import { administer, eventually, type Administrator } from '../../support/connections.ts'
import { emptyTestDatabase, type TestDatabase } from '../../support/database.ts'
import { startTcpProxy } from '../../support/tcp-proxy.ts'

const account = '5cbb4a8e-58b0-4a0e-9a3c-0a6d1b5f3e11'
const log = createLogger('silent')

let database: TestDatabase
let administrator: Administrator
beforeAll(async () => {
  database = await emptyTestDatabase()
  administrator = administer(database.url)
})
afterAll(async () => {
  await administrator.close()
  await database.drop()
})

const closings: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closings.splice(0).toReversed()) await close()
})

async function startListener(
  url: string,
  pingEveryMs?: number,
): Promise<{ signal: Signal; notifications: Notifications }> {
  const notifications = new Notifications()
  const listener = new NotificationListener({
    url,
    notifications,
    log,
    ...(pingEveryMs !== undefined && { pingEveryMs }),
  })
  closings.push(() => listener.stop())
  await listener.start()
  return { signal: notifications.subscribe(account), notifications }
}

/** How long the subscriber slept, in milliseconds. */
async function sleep(signal: Signal, ms: number): Promise<number> {
  const began = performance.now()
  await signal.wait(ms)
  return performance.now() - began
}

const notify = () => administrator.sql`SELECT pg_notify('claviger_alerts', ${account})`

test('a notification wakes the subscribers of its account and nobody else', async () => {
  const { signal, notifications } = await startListener(database.url)
  const stranger = notifications.subscribe('another account')
  await notify()
  expect(await sleep(signal, 2_000)).toBeLessThan(1_000)
  expect(await sleep(stranger, 200)).toBeGreaterThan(150)
})

test('when the listening connection is ended everybody is woken, and notifications arrive again', async () => {
  const { signal } = await startListener(database.url)
  // The ping of the start has a connection of its own.
  expect(await administrator.endBackends('claviger listen')).toBe(2)
  expect(await sleep(signal, 5_000)).toBeLessThan(4_000)
  await notify()
  expect(await sleep(signal, 5_000)).toBeLessThan(4_000)
})

test('a listening connection that has silently gone wakes everybody at the first missed ping, and is replaced after the second', async () => {
  const proxy = await startTcpProxy(database.url)
  closings.push(() => proxy.close())
  const { signal, notifications } = await startListener(proxy.url, 400)
  expect(notifications.isProven).toBe(true)
  const before = proxy.connections()
  proxy.blackHole()
  await notify()
  expect(await sleep(signal, 5_000)).toBeLessThan(3_000)
  expect(notifications.isProven).toBe(false)
  expect(await sleep(signal, 5_000)).toBeLessThan(4_000)
  expect(proxy.connections()).toBeGreaterThan(before)
  await eventually(() => Promise.resolve(notifications.isProven), {
    withinMs: 10_000,
    what: 'pings arrive again',
  })
  await notify()
  expect(await sleep(signal, 3_000)).toBeLessThan(1_000)
})

test('negative control: without pings nothing wakes the subscriber of a connection that has silently gone', async () => {
  const proxy = await startTcpProxy(database.url)
  closings.push(() => proxy.close())
  const { signal } = await startListener(proxy.url, 60_000)
  proxy.blackHole()
  await notify()
  expect(await sleep(signal, 2_000)).toBeGreaterThan(1_900)
})

test('a database that is away for a while is listened to again when it is back', async () => {
  const proxy = await startTcpProxy(database.url)
  closings.push(() => proxy.close())
  const { signal } = await startListener(proxy.url, 300)
  proxy.refuse()
  await sleep(signal, 1_500)
  proxy.restore()
  await eventually(
    async () => {
      await notify()
      return (await sleep(signal, 100)) < 95
    },
    { withinMs: 10_000, what: 'notifications arrive' },
  )
})

test('a pooler that takes LISTEN and delivers nothing is refused at the start, in words', async () => {
  const proxy = await startTcpProxy(database.url, { drops: (bytes) => bytes[0] === 0x41 })
  closings.push(() => proxy.close())
  const listener = new NotificationListener({
    url: proxy.url,
    notifications: new Notifications(),
    log,
    selfTestMs: 500,
  })
  closings.push(() => listener.stop())
  await expect(listener.start()).rejects.toThrow('set DATABASE_LISTEN_URL to a direct connection')
})
