import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { eventually } from '../../support/connections.ts'
import { accountIdOf } from '../../../server/lib/account-id.ts'
import { countWaiting } from '../../support/machines.ts'
import { useWorld } from '../../support/operations.ts'
import {
  acquire,
  call,
  createRawKey,
  openAccount,
  signRequest,
  signSocket,
  storeKey,
  wrappedKeyQuery,
} from '../../support/raw-client.ts'
import { lineOf, parsedLinesOf, requestLinesOf } from '../../support/request-lines.ts'
import { RawSocket } from '../../support/socket.ts'

const world = useWorld()

function post(body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${world.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
}

test('each request leaves one line with its operation, code, duration and account', async () => {
  const { key, name } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key, { maxUses: 1, overusePolicy: 'REFUSE' })
  const granted = await lineOf(world.server, () => acquire(world.url, key, { id }))
  expect(granted).toMatchObject({ operation: 'wrappedKey', code: 'OK' })
  expect(granted.durationMs).toBeGreaterThan(0)
  expect(granted.durationMs).toBeLessThan(10_000)
  expect(granted.account).toMatch(/^[\w-]{16}$/)
  const refused = await lineOf(world.server, () => acquire(world.url, key, { id }))
  expect(refused).toMatchObject({ operation: 'wrappedKey', code: 'KEY_OVERUSED', account: granted.account })
  expect(world.server.logLines.join('\n')).not.toContain(name)
  const before = requestLinesOf(world.server).length
  for (let count = 0; count < 5; count++) await call(world.url, key, { query: '{ account { id } }' })
  await eventually(async () => requestLinesOf(world.server).length >= before + 5, {
    withinMs: 5_000,
    what: 'five lines',
  })
  expect(requestLinesOf(world.server)).toHaveLength(before + 5)
})

test('the account is the same in every line and on every server of the database, and another than other accounts’', async () => {
  const [one, other] = [await openAccount(world.url), await openAccount(world.url)]
  const accountOf = async ({ key }: typeof one) =>
    (await lineOf(world.server, () => call(world.url, key, { query: '{ account { id } }' }))).account
  expect(await accountOf(one)).toBe(await accountOf(one))
  expect(await accountOf(one)).not.toBe(await accountOf(other))
})

test.each([
  ['an unsigned request of a signed operation', '{ account { id } }', 'account', 'UNAUTHENTICATED'],
  ['a field that there is not', '{ nonsense }', 'other', 'GRAPHQL_VALIDATION_FAILED'],
  ['no GraphQL', '{', 'other', 'GRAPHQL_PARSE_FAILED'],
  ['introspection', '{ __schema { description } }', 'introspection', 'OK'],
  ['several fields', '{ keyServer { __typename } __typename }', 'several', 'OK'],
  ['a field under an alias and a name', 'query Mine { mine: keyServer { __typename } }', 'keyServer', 'OK'],
  ['a field in a fragment', '{ ...f } fragment f on Query { keyServer { __typename } }', 'keyServer', 'OK'],
])('the line of %s has its operation and code', async (_what, query, operation, code) => {
  const line = await lineOf(world.server, () => post(JSON.stringify({ query })))
  expect(line).toMatchObject({ operation, code })
})

test.each([
  ['no JSON', () => post('x'), 'other', 'BAD_USER_INPUT'],
  [
    'a malformed signature',
    () => post('{}', { signature: 'x', 'signature-input': 'y' }),
    'other',
    'UNAUTHENTICATED',
  ],
  ['another method', () => fetch(`${world.url}/graphql`), 'other', 'HTTP_405'],
  ['no route', () => fetch(`${world.url}/nowhere`), 'other', 'HTTP_404'],
  ['a probe', () => fetch(`${world.url}/healthz`), 'healthz', 'OK'],
  ['the key set', () => fetch(`${world.url}/.well-known/jwks.json`), 'jwks', 'OK'],
] as const)('the line of %s has its route and code', async (_what, work, operation, code) => {
  expect(await lineOf(world.server, work)).toMatchObject({ operation, code })
})

test('a probe is logged at the level debug alone, because it comes every second', async () => {
  await lineOf(world.server, () => fetch(`${world.url}/healthz`))
  expect(requestLinesOf(world.server).findLast(({ operation }) => operation === 'healthz')?.level).toBe(20)
  await lineOf(world.server, () => fetch(`${world.url}/.well-known/jwks.json`))
  expect(requestLinesOf(world.server).findLast(({ operation }) => operation === 'jwks')?.level).toBe(30)
})

test('the line of a client that goes before its answer has the code ABORTED', async () => {
  const { name, key } = await openAccount(world.url)
  const { id } = await storeKey(world.url, key)
  const { url, headers, body } = await signRequest(world.url, key, {
    query: wrappedKeyQuery,
    variables: { id },
  })
  const leaving = new AbortController()
  const line = await world.sql.begin(async (blocker) => {
    await blocker`
      SELECT FROM transaction_key_usage
      WHERE account_id = ${accountIdOf(name)} AND transaction_key_id = ${id} FOR UPDATE`
    return lineOf(world.server, async () => {
      const asked = fetch(url, { method: 'POST', headers, body, signal: leaving.signal })
      await eventually(async () => (await countWaiting(world.databaseUrl)) > 0, {
        withinMs: 5_000,
        what: 'a request that waits for the lock',
      })
      leaving.abort()
      await expect(asked).rejects.toThrow()
    })
  })
  expect(line).toMatchObject({ operation: 'wrappedKey', code: 'ABORTED' })
})

test('an id that a client sends is used and sent back; without one there is a new one each time', async () => {
  const id = `trace-${randomUUID()}`
  const line = await lineOf(world.server, async () => {
    const response = await post('{"query":"{ __typename }"}', { 'x-request-id': id })
    expect(response.headers.get('x-request-id')).toBe(id)
  })
  expect(line.requestId).toBe(id)
  const ids = await Promise.all(
    [1, 2].map(async () => (await fetch(`${world.url}/healthz`)).headers.get('x-request-id')),
  )
  expect(new Set(ids).size).toBe(2)
  for (const fresh of ids) expect(fresh).toMatch(/^[\da-f-]{36}$/)
})

test.each(['with space', 'x'.repeat(65), 'quote"', '<b>', 'a/b', '%22'])(
  'an id that is not short and plain is not used: %s',
  async (sent) => {
    const response = await post('{"query":"{ __typename }"}', { 'x-request-id': sent })
    expect(response.headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/)
  },
)

test('pages of allowed origins may send an id, and read it', async () => {
  const origin = world.origins[0] ?? ''
  const preflight = await fetch(`${world.url}/graphql`, { method: 'OPTIONS', headers: { origin } })
  expect(preflight.headers.get('access-control-allow-headers')).toContain('X-Request-Id')
  const response = await post('{"query":"{ __typename }"}', { origin })
  expect(response.headers.get('access-control-expose-headers')).toContain('X-Request-Id')
})

test('operations of a socket leave a line each under the id of the socket, and pings none', async () => {
  const { key } = await openAccount(world.url)
  const id = `socket-${randomUUID()}`
  const ofSocket = ({ requestId }: { requestId: string }) => requestId.startsWith(`${id}.`)
  const socket = await RawSocket.open(world.url, { headers: { 'x-request-id': id } })
  const connected = await lineOf(
    world.server,
    async () => socket.initialise(await signSocket(world.url, key)),
    ofSocket,
  )
  expect(connected).toMatchObject({
    operation: 'connect',
    code: 'OK',
    account: expect.stringMatching(/^[\w-]{16}$/),
  })
  socket.send({ type: 'ping' })
  await socket.next()
  const queried = await lineOf(
    world.server,
    async () => {
      socket.send({ type: 'subscribe', id: 'q', payload: { query: '{ keyServer { __typename } }' } })
      await socket.next()
      await socket.next()
    },
    ofSocket,
  )
  expect(queried).toMatchObject({ operation: 'keyServer', code: 'OK' })
  const invalid = await lineOf(
    world.server,
    async () => {
      socket.send({ type: 'subscribe', id: 'v', payload: { query: '{ nonsense }' } })
      await socket.next()
    },
    ofSocket,
  )
  expect(invalid).toMatchObject({ operation: 'other', code: 'GRAPHQL_VALIDATION_FAILED' })
  const subscribed = await lineOf(
    world.server,
    async () => {
      socket.send({ type: 'subscribe', id: 's', payload: { query: 'subscription { alerts { id } }' } })
      socket.send({ type: 'complete', id: 's' })
    },
    ofSocket,
  )
  expect(subscribed).toMatchObject({ operation: 'alerts', code: 'OK', account: connected.account })
  expect(requestLinesOf(world.server).filter(ofSocket)).toHaveLength(4)
  socket.socket.close()
})

test('a refused socket leaves a line with the code', async () => {
  const stranger = await createRawKey()
  const line = await lineOf(world.server, () =>
    RawSocket.connect(world.url, stranger).catch((error: unknown) => error),
  )
  expect(line).toMatchObject({ operation: 'connect', code: 'UNAUTHENTICATED' })
})

test('a WebSocket that is refused before it opens leaves a line too', async () => {
  const refused = async (path: string, headers: Record<string, string>) =>
    lineOf(world.server, async () => {
      const socket = new WebSocket(`${world.url.replace('http', 'ws')}${path}`, { headers })
      await new Promise((resolve) => socket.once('error', resolve))
    })
  expect(await refused('/elsewhere', {})).toMatchObject({ operation: 'connect', code: 'HTTP_404' })
  expect(await refused('/graphql', { origin: 'https://evil.example' })).toMatchObject({ code: 'HTTP_403' })
  const named = await refused('/graphql', { host: 'keys.evil.example', 'x-request-id': 'of-the-test' })
  expect(named).toMatchObject({ code: 'HTTP_421', requestId: 'of-the-test' })
})

describe('beyond its limit for lines,', () => {
  const limited = useWorld({
    trustedProxies: ['127.0.0.1'],
    rateLimits: { 'log-lines': { count: 3, seconds: 3_000 } },
  })
  const ask = (address: string, path: string) =>
    fetch(`${limited.url}${path}`, { headers: { 'x-forwarded-for': address } }).then(({ status }) => status)

  test('a client’s unsigned requests are answered as before, and their lines are summed up by operation and code', async () => {
    for (let count = 0; count < 3; count++) expect(await ask('192.0.2.1', '/nowhere')).toBe(404)
    for (let count = 0; count < 7; count++) expect(await ask('192.0.2.1', '/nowhere')).toBe(404)
    for (let count = 0; count < 2; count++) expect(await ask('192.0.2.1', '/graphql')).toBe(405)
    // Signed requests have a line each.
    const { key } = await openAccount(limited.url)
    for (let count = 0; count < 4; count++)
      await lineOf(limited.server, () => call(limited.url, key, { query: '{ account { id } }' }))
    const { operation } = await lineOf(limited.server, () => ask('192.0.2.2', '/.well-known/jwks.json'))
    expect(operation).toBe('jwks')
    expect(requestLinesOf(limited.server).map(({ code }) => code)).toEqual([
      'HTTP_404',
      'HTTP_404',
      'HTTP_404',
      ...Array<string>(6).fill('OK'),
    ])
    await limited.server.stop()
    const sums = parsedLinesOf(limited.server).filter(({ msg }) => msg === 'request (summed up)')
    expect(sums).toEqual([
      expect.objectContaining({ level: 30, operation: 'other', code: 'HTTP_404', repeated: 7 }),
      expect.objectContaining({ level: 30, operation: 'other', code: 'HTTP_405', repeated: 2 }),
    ])
  })
})

test('the line of a fault names the operation and the id of its request, and so does that of the request', async () => {
  const { key } = await openAccount(world.url)
  await world.sql`ALTER TABLE transaction_key_usage RENAME TO gone`
  let line
  try {
    line = await lineOf(world.server, () => acquire(world.url, key, { id: randomUUID() }))
  } finally {
    await world.sql`ALTER TABLE gone RENAME TO transaction_key_usage`
  }
  expect(line).toMatchObject({ operation: 'wrappedKey', code: 'INTERNAL_SERVER_ERROR' })
  const fault = parsedLinesOf(world.server).findLast(({ level }) => level === 50)
  expect(fault).toMatchObject({
    msg: 'a request failed',
    operation: 'wrappedKey',
    requestId: line.requestId,
    err: { stack: expect.arrayContaining([expect.stringContaining('at ')]) },
  })
})
