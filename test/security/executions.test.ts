import { randomUUID } from 'node:crypto'
import { afterAll, expect, test, vi } from 'vitest'
import { eventually } from '../support/connections.ts'
import { call, openAccount } from '../support/raw-client.ts'
import { RawSocket } from '../support/socket.ts'

const executionsMax = 3

// The limit of the server in this process, which is loaded anew for it. test/security/sockets.test.ts states the default.
const limitsModule = '../../server/lib/transport-limits.ts'
const limits = await vi.importActual<object>(limitsModule)
vi.doMock(limitsModule, () => ({ ...limits, executionsMax }))
vi.resetModules()
const { useWorld } = await import('../support/operations.ts')
afterAll(() => {
  vi.doUnmock(limitsModule)
  vi.resetModules()
})

const world = useWorld()
const query = '{ keyServer { version } }'
const slow = () => ask(`mutation { closePairing(id: "${randomUUID()}") }`)

function ask(document: string): Promise<Response> {
  return fetch(`${world.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: document }),
    signal: AbortSignal.timeout(15_000),
  })
}

const unavailable = { code: 'UNAVAILABLE', retryAfterSeconds: 1 }

test('beyond so many queries at a time another one is UNAVAILABLE over every transport, until one has ended', async () => {
  const { key } = await openAccount(world.url)
  const socket = await RawSocket.connect(world.url, null)
  const { promise: unlocked, resolve: unlock } = Promise.withResolvers<undefined>()
  const { promise: locked, resolve: tellLocked } = Promise.withResolvers<undefined>()
  const locking = world.sql.begin(async (sql) => {
    await sql`LOCK TABLE pairings IN ACCESS EXCLUSIVE MODE`
    tellLocked(undefined)
    await unlocked
  })
  await locked
  const waiting = Array.from({ length: executionsMax }, slow)
  await eventually(async () => (await ask(query)).status === 503, { withinMs: 5_000, what: 'it is full' })

  const refused = await ask(query)
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(await refused.json()).toMatchObject({ errors: [{ extensions: unavailable }] })
  expect((await call(world.url, key, { query: '{ account { id } }' })).errors).toMatchObject([
    { extensions: unavailable },
  ])
  expect(JSON.stringify(await socket.run(query))).toContain('"UNAVAILABLE"')
  expect((await fetch(`${world.url}/healthz`)).status).toBe(200)
  expect((await fetch(`${world.url}/readyz`)).status).toBe(200)

  unlock(undefined)
  await locking
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(waiting.map(() => 200))
  for (let round = 0; round < 3; round++) {
    // A refused request gives its place back too.
    for (let asked = 0; asked < executionsMax; asked++) {
      expect((await call(world.url, null, { query: '{ account { id } }' })).code).toBe('UNAUTHENTICATED')
    }
    expect((await ask(query)).status).toBe(200)
  }
  expect((await socket.run(query)).type).toBe('next')
  await socket.close()
})
