import { describe, expect, test } from 'vitest'
import {
  createRawKey,
  openAccount,
  signRequest,
  signSocket,
  wrappedKeyQuery,
} from '../../support/raw-client.ts'
import { alertsSubscription, RawSocket, type SocketClose } from '../../support/socket.ts'
import { beginning, openSubscriber, raise, useWorld } from '../../support/realtime.ts'

const world = useWorld()

/** Sends a payload of connection_init and returns how the socket was closed. */
async function refusalOf(payload: object): Promise<SocketClose> {
  const socket = await RawSocket.open(world.url)
  socket.send({ type: 'connection_init', payload })
  return socket.closed
}

describe('a socket without a signature', () => {
  test('runs unsigned queries', async () => {
    const socket = await RawSocket.connect(world.url, null)
    expect((await socket.run('{ keyServer { version } }')).payload).toEqual({
      data: { keyServer: { version: expect.any(String) } },
    })
    await socket.close()
  })

  test.each([
    ['a subscription', alertsSubscription],
    ['a signed query', '{ account { id } }'],
    [
      'an acquisition',
      wrappedKeyQuery
        .replace('($id: ID!, $acquisitionId: ID)', '')
        .replace('$id', '"1"')
        .replace(', acquisitionId: $acquisitionId', ''),
    ],
    ['a mutation', 'mutation { acknowledgeAlerts(upTo: "x") }'],
  ])('is refused %s with SIGNATURE_REQUIRED, and stays open', async (_what, query) => {
    const socket = await RawSocket.connect(world.url, null)
    const { type, payload } = await socket.run(query)
    const errors = type === 'error' ? payload : payload.errors
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED', reason: 'SIGNATURE_REQUIRED' } }])
    expect((await socket.run('{ keyServer { version } }')).type).toBe('next')
    await socket.close()
  })
})

describe('a signed socket', () => {
  test.each([
    ['a signed query', '{ account { id } }'],
    ['a mutation', 'mutation { acknowledgeAlerts(upTo: "x") }'],
  ])('is refused %s with SIGNATURE_REQUIRED: a signature covers one request', async (_what, query) => {
    const { key } = await openAccount(world.url)
    const socket = await RawSocket.connect(world.url, key)
    const { payload } = await socket.run(query)
    expect(payload.errors ?? payload).toMatchObject([
      { extensions: { code: 'UNAUTHENTICATED', reason: 'SIGNATURE_REQUIRED' } },
    ])
    await socket.close()
  })

  test('runs several subscriptions', async () => {
    const owner = await openSubscriber(world.url)
    await raise(world, owner)
    const socket = await RawSocket.connect(world.url, owner.key)
    for (const id of ['1', '2'])
      socket.subscribe(id, { query: alertsSubscription, variables: { after: beginning } })
    const ids = [await socket.next(), await socket.next()].map(({ id }) => id)
    expect(ids.toSorted()).toEqual(['1', '2'])
    await socket.close()
  })

  test('may be signed with P-256, and for any of the origins', async () => {
    const key = await createRawKey('ES256')
    await openAccount(world.url, { key })
    const socket = await RawSocket.open(world.url)
    await socket.initialise(await signSocket(world.url.replace('127.0.0.1', 'localhost'), key))
    await socket.close()
  })

  test('is taken by its signature alone: other members of the payload are not read', async () => {
    const { key } = await openAccount(world.url)
    const unregistered = await createRawKey()
    const socket = await RawSocket.open(world.url)
    await socket.initialise({
      ...(await signSocket(world.url, key)),
      '@target-uri': 'https://elsewhere.example/graphql',
      'Signature-Input': 'x',
      keyid: unregistered.id,
      authorization: 'Bearer x',
      headers: { signature: 'x' },
    })
    await socket.close()
  })
})

describe('the signature of a socket is refused with 4403 and its reason', () => {
  test.each([
    ['an input alone', { signature: undefined }],
    ['a signature alone', { 'signature-input': undefined }],
    ['an input that is no text', { 'signature-input': 5 }],
    ['an input that is nonsense', { 'signature-input': 'sig=()' }],
    ['a signature that is nonsense', { signature: 'sig=:AA==:' }],
    ['two labels', { signature: 'sig=:AA==:, sig2=:AA==:' }],
  ])('%s: SIGNATURE_MALFORMED', async (_what, changes) => {
    const { key } = await openAccount(world.url)
    const payload = { ...(await signSocket(world.url, key)), ...changes }
    expect(await refusalOf(payload)).toEqual({ code: 4403, reason: 'SIGNATURE_MALFORMED' })
  })

  test('a signature of an HTTP request: SIGNATURE_MALFORMED', async () => {
    const { key } = await openAccount(world.url)
    const { headers } = await signRequest(world.url, key, { query: '{ account { id } }' })
    const payload = { 'signature-input': headers['signature-input'], signature: headers['signature'] }
    expect(await refusalOf(payload)).toEqual({ code: 4403, reason: 'SIGNATURE_MALFORMED' })
  })

  test('and over HTTP a signature of a socket likewise', async () => {
    const { key } = await openAccount(world.url)
    const { headers, body, url } = await signRequest(world.url, key, { query: '{ account { id } }' })
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, ...(await signSocket(world.url, key)) },
      body,
    })
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({
      errors: [{ extensions: { reason: 'SIGNATURE_MALFORMED' } }],
    })
  })

  test.each([
    ['long over', -300],
    ['still to come', 300],
  ])('a window that is %s: SIGNATURE_EXPIRED', async (_what, seconds) => {
    const { key } = await openAccount(world.url)
    const created = Math.floor(Date.now() / 1000) + seconds
    const payload = await signSocket(world.url, key, { created, expires: created + 60 })
    expect(await refusalOf(payload)).toEqual({ code: 4403, reason: 'SIGNATURE_EXPIRED' })
  })

  test('a second use of a payload: SIGNATURE_REPLAYED', async () => {
    const { key } = await openAccount(world.url)
    const payload = await signSocket(world.url, key)
    const socket = await RawSocket.open(world.url)
    await socket.initialise(payload)
    expect(await refusalOf(payload)).toEqual({ code: 4403, reason: 'SIGNATURE_REPLAYED' })
    await socket.close()
  })

  test('a payload that is used twenty times at once opens one socket', async () => {
    const { key } = await openAccount(world.url)
    const payload = await signSocket(world.url, key)
    const sockets = await Promise.all(Array.from({ length: 20 }, () => RawSocket.open(world.url)))
    for (const socket of sockets) socket.send({ type: 'connection_init', payload })
    const outcomes = await Promise.all(
      sockets.map((socket) =>
        Promise.race([socket.closed.then(({ reason }) => reason), socket.next().then(({ type }) => type)]),
      ),
    )
    expect(outcomes.filter((outcome) => outcome === 'connection_ack')).toHaveLength(1)
    expect(outcomes.filter((outcome) => outcome === 'SIGNATURE_REPLAYED')).toHaveLength(19)
    for (const socket of sockets) await socket.close()
  })

  test("an unregistered key, another key's signature and another server's target: SIGNATURE_INVALID", async () => {
    const { key } = await openAccount(world.url)
    const unregistered = await createRawKey()
    const payloads = [
      await signSocket(world.url, unregistered),
      await signSocket(world.url, { ...unregistered, id: key.id }),
      await signSocket('https://elsewhere.example', key),
    ]
    for (const payload of payloads) {
      expect(await refusalOf(payload)).toEqual({ code: 4403, reason: 'SIGNATURE_INVALID' })
    }
  })

  test('a revoked key: SIGNATURE_INVALID', async () => {
    const { key, name } = await openAccount(world.url)
    await world.administrator.sql`
      UPDATE management_keys SET revoked_at = now() WHERE account_id = (SELECT id FROM accounts WHERE name = ${name})`
    expect(await refusalOf(await signSocket(world.url, key))).toEqual({
      code: 4403,
      reason: 'SIGNATURE_INVALID',
    })
  })
})
