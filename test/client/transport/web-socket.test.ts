import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { itemsOfConnection } from '../../../client/transport/subscription.ts'
import { connectSocket, type SocketMessage } from '../../../client/transport/web-socket.ts'

let server: WebSocketServer
let url: string

beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: ([first = '']) => first })
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  url = `ws://127.0.0.1:${String(port)}/graphql`
})

afterEach(() => {
  for (const client of server.clients) client.terminate()
  server.close()
})

/** The end of a connection on which the server says this. */
async function outcomeOf(
  say: (socket: WebSocket) => void,
  webSocketImpl: unknown,
): Promise<{ readonly messages: readonly SocketMessage[]; readonly error: Error }> {
  server.on('connection', say)
  const messages: SocketMessage[] = []
  const { promise, resolve } = Promise.withResolvers<Error>()
  const socket = connectSocket(url, {
    webSocketImpl,
    onOpen: () => Promise.resolve(),
    onMessage: (message) => void messages.push(message),
    onEnd: resolve,
  })
  const error = await promise
  socket.close()
  return { messages, error }
}

describe.each([
  ['the global WebSocket', undefined],
  ['the package ws', WebSocket],
])('a socket of %s', (_name, implementation) => {
  test('speaks graphql-transport-ws, and hands on what is said', async () => {
    const { messages, error } = await outcomeOf((socket) => {
      socket.send(JSON.stringify({ type: 'next', id: '1', payload: { data: socket.protocol } }))
      socket.close(1001)
    }, implementation)
    expect(messages).toEqual([{ type: 'next', payload: { data: 'graphql-transport-ws' } }])
    expect(error).toMatchObject({ name: 'VaultError', code: 'NETWORK' })
  })

  test.each([['{'], ['null'], ['[]'], ['{"type":1}'], ['"secret"']])(
    'ends with ANSWER_MALFORMED for %s, which it does not quote',
    async (text) => {
      const { error } = await outcomeOf((socket) => {
        socket.send(text)
      }, implementation)
      expect(error).toMatchObject({ name: 'VaultError', code: 'ANSWER_MALFORMED' })
      expect(error.message).not.toContain('secret')
    },
  )

  test('ends with the reason of a refused signature', async () => {
    const { error } = await outcomeOf((socket) => {
      socket.close(4403, 'SIGNATURE_REPLAYED')
    }, implementation)
    expect(error).toMatchObject({ code: 'UNAUTHENTICATED', details: { reason: 'SIGNATURE_REPLAYED' } })
  })
})

test('what is no WebSocket class is refused at once', () => {
  const nothing = { onOpen: () => Promise.resolve(), onMessage: () => undefined, onEnd: () => undefined }
  expect(() => connectSocket(url, { ...nothing, webSocketImpl: 'ws' })).toThrow(TypeError)
})

test('a subscription signs itself in, answers pings, and takes its items until it is completed', async () => {
  const received: unknown[] = []
  server.on('connection', (socket) => {
    socket.on('message', (bytes: Buffer) => {
      const message: { type: string; id?: string } = JSON.parse(bytes.toString())
      received.push(message)
      const say = (answer: object) => {
        socket.send(JSON.stringify(answer))
      }
      if (message.type === 'connection_init') say({ type: 'connection_ack' })
      if (message.type === 'subscribe') say({ type: 'ping' })
      if (message.type === 'pong') {
        say({ type: 'next', id: '1', payload: { data: { number: '7' } } })
        say({ type: 'complete', id: '1' })
      }
    })
  })
  const signer = { sign: () => Promise.resolve({ signatureInput: 'sig=()', signature: 'sig=::' }) }
  const items = itemsOfConnection(
    { url: url.replace('ws:', 'http:').replace('/graphql', ''), signer },
    {
      document: 'subscription { number }',
      variables: {},
      parse: (data) => data.text('number'),
      signal: AbortSignal.timeout(10_000),
    },
  )
  const taken: string[] = []
  for await (const item of items) taken.push(item)
  expect(taken).toEqual(['7'])
  expect(received).toEqual([
    { type: 'connection_init', payload: { 'signature-input': 'sig=()', signature: 'sig=::' } },
    { type: 'subscribe', id: '1', payload: { query: 'subscription { number }', variables: {} } },
    { type: 'pong' },
  ])
})
