import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, expect, test, vi } from 'vitest'
import { openAccount } from '../support/raw-client.ts'
import { RawSocket } from '../support/socket.ts'

const [idleMs, perAddressMax] = [1_500, 4]

// The limits of the server in this process, which is loaded anew for it. The first test states the defaults.
const limitsModule = '../../server/lib/transport-limits.ts'
const limits = await vi.importActual<object>(limitsModule)
vi.doMock(limitsModule, () => ({
  ...limits,
  unsignedIdleMs: idleMs,
  unsignedSocketsPerAddressMax: perAddressMax,
}))
vi.resetModules()
const { useWorld } = await import('../support/operations.ts')
afterAll(() => {
  vi.doUnmock(limitsModule)
  vi.resetModules()
})

const world = useWorld()
const query = '{ keyServer { version } }'

test('the limits are those of docs/protocol.md', () => {
  expect({ ...limits }).toEqual({
    connectionsMax: 20_000,
    pipelinedOfConnectionMax: 100,
    pipelinedMax: 2_000,
    executionsMax: 1_000,
    waitingBytesMax: 33_554_432,
    writeTimeoutMs: 30_000,
    streamsPerKeyMax: 100,
    streamsPerPrincipalMax: 300,
    streamsMax: 10_000,
    socketsPerKeyMax: 5,
    operationsPerSocketMax: 20,
    unsignedSocketsPerAddressMax: 100,
    unsignedIdleMs: 60_000,
  })
})

test('an unsigned socket that runs nothing is closed with 1000 Idle, and one that runs something is not', async () => {
  const { key } = await openAccount(world.url)
  const [idle, active, signed] = [
    await RawSocket.connect(world.url, null),
    await RawSocket.connect(world.url, null),
    await RawSocket.connect(world.url, key),
  ]
  const begunAt = performance.now()
  const activity = (async () => {
    while (performance.now() - begunAt < idleMs * 2) {
      expect((await active.run(query)).type).toBe('next')
      await delay(idleMs / 5)
    }
  })()
  expect(await idle.closed).toEqual({ code: 1000, reason: 'Idle' })
  expect(performance.now() - begunAt).toBeLessThan(idleMs * 2)
  await activity
  expect((await signed.run(query)).type).toBe('next')
  expect(await active.closed).toEqual({ code: 1000, reason: 'Idle' })
  await signed.close()
})

test('an address has so many unsigned sockets at a time; signed ones are not concerned', async () => {
  const { key } = await openAccount(world.url)
  const open = () => RawSocket.connect(world.url, null)
  const sockets = await Promise.all(Array.from({ length: perAddressMax }, open))
  const refused = await RawSocket.open(world.url)
  refused.send({ type: 'connection_init' })
  expect(await refused.closed).toEqual({ code: 4403, reason: 'RATE_LIMITED' })
  const signed = await RawSocket.connect(world.url, key)
  await sockets[0]?.close()
  sockets.push(await open())
  await Promise.all([signed, ...sockets].map((socket) => socket.close()))
})
