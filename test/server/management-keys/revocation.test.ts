import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import postgres from 'postgres'
import { expectUnauthenticated } from '../../support/operations.ts'
import {
  acquire,
  call,
  openAccount,
  storeInput,
  storeKey,
  storeMutation,
  wrap,
} from '../../support/raw-client.ts'
import { startWorlds, type TestServer } from '../../support/server.ts'
import { alertsSubscription, RawEvents, RawSocket } from '../../support/socket.ts'
import { addKey, beginning, revokeKey, trustAlerts } from '../../support/trust.ts'

let servers: TestServer[]
let sql: postgres.Sql
beforeAll(async () => {
  servers = await startWorlds(2)
  sql = postgres(servers[0]?.databaseUrl ?? '', { max: 1, onnotice: () => undefined })
})
afterAll(async () => {
  await sql.end({ timeout: 5 })
  for (const server of servers.toReversed()) await server.stop()
})

function urls(): [string, string] {
  const [a, b] = servers
  if (!a || !b) throw new Error('two servers')
  return [a.url, b.url]
}

async function openWithTwoKeys() {
  const [a, b] = urls()
  const account = await openAccount(a)
  const { id } = await storeKey(a, account.key)
  const second = await addKey(a, account, { copies: [id] })
  return { a, b, account, id, second }
}

describe('a revoked management key', () => {
  test('is refused at once by a second server that has just served it', async () => {
    const { a, b, account, id, second } = await openWithTwoKeys()
    expect((await acquire(b, second, { id })).errors).toEqual([])
    expect((await revokeKey(a, account.key, second.id)).errors).toEqual([])
    expectUnauthenticated(await acquire(b, second, { id }), 'SIGNATURE_INVALID')
    expectUnauthenticated(await call(b, second, { query: '{ account { id } }' }), 'SIGNATURE_INVALID')
    const store = { query: storeMutation, variables: { input: await storeInput(account.key) } }
    expectUnauthenticated(await call(b, second, store), 'SIGNATURE_INVALID')
    const subscription = await RawEvents.open(b, second, { query: alertsSubscription })
    expect(subscription.status).toBe(401)
  })

  test('loses its sockets with 4403 within a second, on every server, and no other key does', async () => {
    const { a, b, account, second } = await openWithTwoKeys()
    const sockets = await Promise.all([RawSocket.connect(a, second), RawSocket.connect(b, second)])
    const subscribed = await RawSocket.connect(b, second)
    subscribed.subscribe('1', { query: alertsSubscription })
    const others = await Promise.all([RawSocket.connect(b, account.key), RawSocket.connect(b, null)])
    await revokeKey(a, account.key, second.id)
    const revokedAt = performance.now()
    for (const socket of [...sockets, subscribed]) {
      expect(await socket.closed).toEqual({ code: 4403, reason: 'SIGNATURE_INVALID' })
    }
    expect(performance.now() - revokedAt).toBeLessThan(1_000)
    for (const socket of others) {
      expect((await socket.run('{ keyServer { version } }')).type).toBe('next')
      await socket.close()
    }
    await expect(RawSocket.connect(b, second)).rejects.toThrow()
  })

  test('loses its event streams within a second, with an error', async () => {
    const { a, b, account, second } = await openWithTwoKeys()
    const events = await RawEvents.open(b, second, {
      query: alertsSubscription,
      variables: { after: beginning },
    })
    expect((await events.next()).data).toContain('MANAGEMENT_KEY_ADDED')
    await revokeKey(a, account.key, second.id)
    const revokedAt = performance.now()
    await events.ended
    expect(performance.now() - revokedAt).toBeLessThan(1_000)
  })

  test('loses its sockets within some seconds also when the notification was lost', async () => {
    const { b, account, second } = await openWithTwoKeys()
    const [socket, other] = [await RawSocket.connect(b, second), await RawSocket.connect(b, account.key)]
    await sql`UPDATE management_keys SET revoked_at = now() WHERE id = ${second.id}`
    const timeout = delay(8_000, null)
    expect(await Promise.race([socket.closed, timeout])).toEqual({ code: 4403, reason: 'SIGNATURE_INVALID' })
    expect(other.socket.readyState).toBe(other.socket.OPEN)
    await other.close()
  })

  test('starts no further subscription on a socket that is still open', async () => {
    const { b, second } = await openWithTwoKeys()
    const socket = await RawSocket.connect(b, second)
    await sql`UPDATE management_keys SET revoked_at = now() WHERE id = ${second.id}`
    socket.subscribe('1', { query: alertsSubscription })
    const { payload } = await socket.next()
    expect(payload.data ?? null).toBeNull()
    expect(payload.errors[0].extensions).toEqual({ code: 'UNAUTHENTICATED', reason: 'SIGNATURE_INVALID' })
  })
})

describe('at the same time', () => {
  test('the last two management keys revoke each other, and one of them is left', async () => {
    const [a, b] = urls()
    for (let round = 0; round < 5; round++) {
      const account = await openAccount(a)
      const second = await addKey(a, account)
      const answers = await Promise.all([
        revokeKey(a, account.key, second.id),
        revokeKey(b, second, account.key.id),
      ])
      // The second signer was revoked by then, or is the last active one.
      expect(answers.filter(({ errors }) => errors.length === 0)).toHaveLength(1)
      const [refused] = answers.filter(({ errors }) => errors.length > 0)
      expect(['UNAUTHENTICATED', 'CONFLICT']).toContain(refused?.code)
      const states = await Promise.all(
        [account.key, second].map((key) => call(a, key, { query: '{ account { id } }' })),
      )
      expect(states.map(({ status }) => status).sort()).toEqual([200, 401])
    }
  })

  test('two keys revoke themselves, and one of them is left', async () => {
    const [a, b] = urls()
    const account = await openAccount(a)
    const second = await addKey(a, account)
    const answers = await Promise.all([
      revokeKey(a, account.key, account.key.id),
      revokeKey(b, second, second.id),
    ])
    expect(answers.map(({ code }) => code ?? 'REVOKED').sort()).toEqual(['CONFLICT', 'REVOKED'])
  })

  test('keys that are wrapped for a key while it is being revoked do not stay', async () => {
    const { a, b, account, second } = await openWithTwoKeys()
    const stores = Array.from({ length: 10 }, async (_, index) => {
      const input = await storeInput(account.key)
      const wrappedKeys = [account.key, second].map(async (key) => ({
        managementKeyId: key.id,
        jwe: await wrap(key),
      }))
      const variables = { input: { ...input, wrappedKeys: await Promise.all(wrappedKeys) } }
      return call(index % 2 ? a : b, account.key, { query: storeMutation, variables })
    })
    const answers = await Promise.all([...stores, revokeKey(b, account.key, second.id)])
    for (const { code } of answers) expect([undefined, 'NOT_FOUND']).toContain(code)
    const [left] = await sql`SELECT count(*)::int FROM wrapped_keys WHERE management_key_id = ${second.id}`
    expect(left).toEqual({ count: 0 })
    expect(await trustAlerts(a, account.key)).toHaveLength(2)
  })
})
