import { expect, test } from 'vitest'
import { DurableStreams } from '../../../server/events/durable-streams.ts'
import { Notifications } from '../../../server/events/notifications.ts'
import { streamsPerPrincipalMax } from '../../../server/lib/transport-limits.ts'
import { eventually } from '../../support/connections.ts'

const at = { position: 0, atMs: null }

function open(
  streams: DurableStreams,
  { principalId = 'account', keyId }: { principalId?: string; keyId: string },
) {
  return streams.open({
    principalId,
    keyId,
    begin: () => Promise.resolve(at),
    read: () => Promise.resolve({ items: [], seen: at }),
  })
}

test('60 keys of one account have 300 subscriptions together, and those of another account are none of them', async () => {
  const streams = new DurableStreams({
    notifications: new Notifications(),
    revocations: { watch: () => () => undefined },
    pollMs: 5_000,
    stopping: new AbortController().signal,
  })
  const opened = []
  for (let count = 0; count < streamsPerPrincipalMax; count++) {
    opened.push(await open(streams, { keyId: `key ${String(count % 60)}` }))
  }
  await expect(open(streams, { keyId: 'key 60' })).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  const other = await open(streams, { principalId: 'another', keyId: 'other key' })
  await opened[0]?.return()
  opened.push(await open(streams, { keyId: 'key 60' }))
  // A refusal takes no place of the key.
  await expect(open(streams, { keyId: 'key 61' })).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  for (const stream of [...opened, other]) await stream.return()
})

test('a stream goes on when its rows are out of reach for a while, on whichever machine they are', async () => {
  const failures = [
    { code: 'CONNECTION_CLOSED' },
    // Citus, over a good connection: another node cannot be reached.
    { code: '08006', severity: 'ERROR' },
  ]
  const notifications = new Notifications()
  const streams = new DurableStreams({
    notifications,
    revocations: { watch: () => () => undefined },
    pollMs: 20,
    stopping: new AbortController().signal,
  })
  const stream = await streams.open({
    principalId: 'account',
    keyId: 'key',
    begin: () => Promise.resolve(at),
    read: () => {
      const failure = failures.shift()
      return failure === undefined
        ? Promise.resolve({ items: ['an item'], seen: { position: 1, atMs: null } })
        : Promise.reject(Object.assign(new Error('away'), failure))
    },
  })
  expect(await stream.next()).toEqual({ done: false, value: 'an item' })
  expect(failures).toEqual([])
  await stream.return()
})

test('a stream reads once for what is announced, and again when it has read a whole page', async () => {
  const notifications = new Notifications()
  notifications.setProven(true)
  const streams = new DurableStreams({
    notifications,
    revocations: { watch: () => () => undefined },
    pollMs: 5_000,
    stopping: new AbortController().signal,
  })
  const stored = ['first', 'second', 'third']
  let reads = 0
  const stream = await streams.open({
    principalId: 'account',
    keyId: 'key',
    begin: () => Promise.resolve(at),
    read: ({ position }) => {
      reads += 1
      const items = stored.slice(position, position + 2)
      const seen = { position: position + items.length, atMs: null }
      return Promise.resolve({ items, seen, isWhole: items.length < 2 })
    },
  })
  const next = async () => (await stream.next()).value
  expect([await next(), await next(), await next()]).toEqual(stored)
  expect(reads).toBe(2)
  const fourth = next()
  await new Promise(setImmediate)
  stored.push('fourth')
  notifications.notify('account')
  expect(await fourth).toBe('fourth')
  expect(reads).toBe(3)
  // Announced before the stream asks: it waits for nothing.
  stored.push('fifth')
  notifications.notify('account')
  expect(await next()).toBe('fifth')
  expect(reads).toBe(4)
  await stream.return()
})

test('an idle stream reads nothing while notifications are known to arrive, and looks by itself when they are not', async () => {
  const notifications = new Notifications()
  notifications.setProven(true)
  const streams = new DurableStreams({
    notifications,
    revocations: { watch: () => () => undefined },
    pollMs: 20,
    stopping: new AbortController().signal,
  })
  const reads = { alerts: 0, regular: 0 }
  const opened = await Promise.all(
    (['alerts', 'regular'] as const).map((name) =>
      streams.open({
        principalId: 'account',
        keyId: name,
        begin: () => Promise.resolve(at),
        read: async () => {
          reads[name] += 1
          return { items: [], seen: at }
        },
        readsRegularly: name === 'regular',
      }),
    ),
  )
  const ends = opened.map((stream) => stream.next())
  const until = (isDone: () => boolean) =>
    eventually(() => Promise.resolve(isDone()), { withinMs: 10_000, what: 'the streams have read' })
  await until(() => reads.regular > 5)
  expect(reads.alerts).toBe(1)
  notifications.notify('account')
  await until(() => reads.alerts === 2)
  notifications.setProven(false)
  await until(() => reads.alerts > 5)
  for (const stream of opened) await stream.return()
  await Promise.all(ends)
})
