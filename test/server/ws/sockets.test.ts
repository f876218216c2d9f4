import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { limits } from '../../../schema/wire/limits.ts'
import { openAccount, signSocket, type RawKey } from '../../support/raw-client.ts'
import { alertsSubscription, RawSocket } from '../../support/socket.ts'
import { beginning, openSubscriber, raise, useWorld } from '../../support/realtime.ts'

const world = useWorld({ allowedOrigins: ['https://app.example'] })

describe('graphql-transport-ws', () => {
  test('a socket that does not initialise is closed with 4408 after five seconds', async () => {
    const socket = await RawSocket.open(world.url)
    const openedAt = performance.now()
    expect((await socket.closed).code).toBe(4408)
    expect(performance.now() - openedAt).toBeGreaterThan(4_500)
    expect(performance.now() - openedAt).toBeLessThan(7_000)
  })

  test('a second connection_init closes with 4429', async () => {
    const socket = await RawSocket.connect(world.url, null)
    socket.send({ type: 'connection_init' })
    expect((await socket.closed).code).toBe(4429)
  })

  test('an operation before the acknowledgement closes with 4401', async () => {
    const socket = await RawSocket.open(world.url)
    socket.subscribe('1', { query: '{ keyServer { version } }' })
    expect((await socket.closed).code).toBe(4401)
  })

  test('a second operation with the id of one that runs closes with 4409', async () => {
    const { key } = await openAccount(world.url)
    const socket = await RawSocket.connect(world.url, key)
    for (let time = 0; time < 2; time++) socket.subscribe('1', { query: alertsSubscription })
    expect((await socket.closed).code).toBe(4409)
  })

  test.each([
    ['no JSON', 'x'],
    ['no message', '{}'],
    ['a message of another type', '{"type":"other"}'],
    ['an array', '[]'],
  ])('what is %s closes with 4400', async (_what, message) => {
    const socket = await RawSocket.connect(world.url, null)
    socket.send(message)
    expect((await socket.closed).code).toBe(4400)
  })

  test('a ping is answered with a pong that has its payload', async () => {
    const socket = await RawSocket.open(world.url)
    socket.send({ type: 'ping', payload: { n: 1 } })
    expect(await socket.next()).toEqual({ type: 'pong', payload: { n: 1 } })
    await socket.close()
  })

  test.each([
    ['another', ['graphql-ws']],
    ['no', []],
  ])('a socket with %s subprotocol is not served', async (_what, protocols) => {
    const outcome = await RawSocket.open(world.url, { protocols }).then(
      async (socket) => (await socket.closed).code,
      (error: unknown) => String(error),
    )
    expect([4406, 'Error: Server sent no subprotocol']).toContain(outcome)
  })
})

describe('an error over a socket', () => {
  test('has the code that it has over HTTP, and nothing about HTTP', async () => {
    const socket = await RawSocket.connect(world.url, null)
    const refused = [
      ['{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
      ['{', 'GRAPHQL_PARSE_FAILED'],
      [`{ ${'a: keyServer { version } '.repeat(300)} }`, 'GRAPHQL_PARSE_FAILED'],
      ['query A { keyServer { version } } query B { keyServer { version } }', 'BAD_USER_INPUT'],
    ] as const
    for (const [query, code] of refused) {
      const { type, payload } = await socket.run(query)
      expect([type, payload[0].extensions.code, payload[0].extensions.http]).toEqual([
        'error',
        code,
        undefined,
      ])
    }
    await socket.close()
  })
})

describe('the limits of a socket', () => {
  test('a message of more than 64 KiB closes with 1009', async () => {
    const socket = await RawSocket.connect(world.url, null)
    const message = (bytes: number) => `{"type":"ping","payload":{"x":"${'x'.repeat(bytes - 33)}"}}`
    expect(message(limits.webSocketMessageBytesMax - 10).length).toBeLessThanOrEqual(
      limits.webSocketMessageBytesMax,
    )
    socket.send(message(limits.webSocketMessageBytesMax - 10))
    expect((await socket.next()).type).toBe('pong')
    socket.send(message(limits.webSocketMessageBytesMax + 10))
    expect((await socket.closed).code).toBe(1009)
  })

  test('20 subscriptions at a time: one more is refused with RATE_LIMITED, and may come once another has ended', async () => {
    const owner = await openSubscriber(world.url)
    const socket = await RawSocket.connect(world.url, owner.key)
    const subscribe = (id: string) => {
      socket.subscribe(id, { query: alertsSubscription, variables: { after: beginning } })
    }
    for (let id = 1; id <= 21; id++) subscribe(String(id))
    expect(await socket.next()).toMatchObject({
      type: 'error',
      id: '21',
      payload: [{ extensions: { code: 'RATE_LIMITED', retryAfterSeconds: 1 } }],
    })
    socket.send({ id: '1', type: 'complete' })
    subscribe('21')
    await delay(200)
    await raise(world, owner)
    const ids = new Set<string | undefined>()
    for (let count = 0; count < 20; count++) ids.add((await socket.next()).id)
    expect(ids.size).toBe(20)
    expect(ids.has('21')).toBe(true)
    await socket.close()
  })

  test('5 sockets of a management key at a time: one more is closed with 4403 RATE_LIMITED, and may come once another has closed', async () => {
    const { key } = await openAccount(world.url)
    const { key: other } = await openAccount(world.url)
    const sockets = await Promise.all(Array.from({ length: 5 }, () => RawSocket.connect(world.url, key)))
    expect(await refusal(key)).toEqual({ code: 4403, reason: 'RATE_LIMITED' })
    const unconcerned = [await RawSocket.connect(world.url, other), await RawSocket.connect(world.url, null)]
    await sockets[0]?.close()
    sockets.push(await RawSocket.connect(world.url, key))
    expect(await refusal(key)).toEqual({ code: 4403, reason: 'RATE_LIMITED' })
    for (const socket of [...sockets, ...unconcerned]) await socket.close()
  })

  async function refusal(key: RawKey) {
    const socket = await RawSocket.open(world.url)
    socket.send({ type: 'connection_init', payload: await signSocket(world.url, key) })
    return socket.closed
  }
})

describe('an upgrade', () => {
  test.each(['https://app.example', 'own'])('from the origin %s is served', async (origin) => {
    const socket = await RawSocket.open(world.url, { origin: origin === 'own' ? world.url : origin })
    await socket.initialise()
    await socket.close()
  })

  test.each(['https://evil.example', 'https://app.example.evil.example', 'null', 'http://app.example'])(
    'from the origin %s is refused with 403',
    async (origin) => {
      await expect(RawSocket.open(world.url, { origin })).rejects.toThrow('403')
    },
  )

  test('of another path is refused with 404', async () => {
    await expect(RawSocket.open(world.url, { path: '/other' })).rejects.toThrow('404')
  })
})
