import { expect, test } from 'vitest'
import { openAccount, call, type RawKey } from '../support/raw-client.ts'
import { alertsSubscription, RawEvents, RawSocket } from '../support/socket.ts'
import { ConcurrencyLimiter } from '../../server/lib/concurrency-limiter.ts'
import { streamsPerKeyMax } from '../../server/lib/transport-limits.ts'
import { useWorld } from '../support/operations.ts'
import { addKey, revokeKey } from '../support/trust.ts'

const world = useWorld()

function openEvents(key: RawKey): Promise<RawEvents> {
  return RawEvents.open(world.url, key, { query: alertsSubscription })
}

async function openAll(key: RawKey): Promise<RawEvents[]> {
  const streams: RawEvents[] = []
  while (streams.length < streamsPerKeyMax) {
    streams.push(...(await Promise.all(Array.from({ length: 20 }, () => openEvents(key)))))
  }
  expect(new Set(streams.map(({ status }) => status))).toEqual(new Set([200]))
  return streams
}

/** Whether a key finds a place within a few seconds. */
async function expectPlace(key: RawKey): Promise<void> {
  await expect
    .poll(
      async () => {
        const stream = await openEvents(key)
        await stream.close()
        return stream.status
      },
      { timeout: 10_000, interval: 100 },
    )
    .toBe(200)
}

test('a key has 100 subscriptions at a time over all transports, and whoever ends one can open another', async () => {
  const { key } = await openAccount(world.url)
  const other = await openAccount(world.url)
  const streams = await openAll(key)

  const refused = await call(world.url, key, { query: alertsSubscription })
  expect(refused.status).toBe(429)
  expect(refused.errors.map(({ extensions }) => extensions)).toEqual([
    { code: 'RATE_LIMITED', retryAfterSeconds: 5 },
  ])
  const socket = await RawSocket.connect(world.url, key)
  socket.subscribe('1', { query: alertsSubscription })
  expect(await socket.next()).toMatchObject({
    type: 'next',
    payload: { errors: [{ extensions: { code: 'RATE_LIMITED', retryAfterSeconds: 5 } }] },
  })
  await expectPlace(other.key)

  await streams[0]?.close()
  await expectPlace(key)
  await Promise.all(streams.map((stream) => stream.close()))
  await socket.close()
  await Promise.all((await openAll(key)).map((stream) => stream.close()))
})

test('subscriptions that are refused, or broken off at once, take no place for good', async () => {
  const { key } = await openAccount(world.url)
  for (let round = 0; round < 6; round++) {
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        await call(world.url, key, { query: 'subscription { alerts(after: "nothing") { id } }' })
        const socket = await RawSocket.open(world.url)
        socket.socket.terminate()
        await (await openEvents(key)).close()
      }),
    )
  }
  await Promise.all((await openAll(key)).map((stream) => stream.close()))
})

test('the streams of a revoked key end, those of its account stay', async () => {
  const account = await openAccount(world.url)
  const device = await addKey(world.url, account, { copies: [] })
  const [streams, kept] = [await openAll(device), await openEvents(account.key)]
  expect((await revokeKey(world.url, account.key, device.id)).errors).toEqual([])
  await Promise.all(streams.map(({ ended }) => ended))
  expect(JSON.parse((await kept.next()).data)).toHaveProperty('data.alerts')
  await kept.close()
})

test('what is released twice is counted once', () => {
  const limiter = new ConcurrencyLimiter({ perHolderMax: 2, refusal: 'At most 2.', retrySeconds: 1 })
  const release = limiter.acquire('a')
  limiter.acquire('a')
  expect(() => limiter.acquire('a')).toThrow('At most 2.')
  limiter.acquire('b')
  release()
  release()
  limiter.acquire('a')
  expect(() => limiter.acquire('a')).toThrow('At most 2.')
})
