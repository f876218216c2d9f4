import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  createVault,
  memoryKeystore,
  openVault,
  type Alert,
  type ConnectionOptions,
  type Vault,
} from '../../../client/index.ts'
import type { ConnectionChange } from '../../../client/alerts/connection-change.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { startHttpProxy, type HttpProxy, type HttpProxyManners } from '../../support/http-proxy.ts'
import { missing, startBareNginx } from '../../support/reverse-proxies.ts'
import { freePort, startTestServer, type TestServer } from '../../support/server.ts'

const shop = 'https://shop.example'

const manners = {
  refusing: { upgrade: 'refuse' },
  ignoring: { upgrade: 'ignore' },
  http10: { upgrade: 'refuse', isHttp10: true },
  buffering: { upgrade: 'refuse', isBuffering: true },
} as const satisfies Record<string, HttpProxyManners>

type ProxyName = keyof typeof manners

let database: TestDatabase
let server: TestServer
let proxies: Record<ProxyName, HttpProxy>
let nginxPort: number
let ended = new AbortController()

beforeAll(async () => {
  database = await createTestDatabase()
  proxies = {
    refusing: await startHttpProxy(manners.refusing),
    ignoring: await startHttpProxy(manners.ignoring),
    http10: await startHttpProxy(manners.http10),
    buffering: await startHttpProxy(manners.buffering),
  }
  nginxPort = await freePort()
  const alsoKnownAs = [
    ...Object.values(proxies).map(({ url }) => url),
    `http://127.0.0.1:${String(nginxPort)}`,
  ]
  server = await startTestServer(database.url, { alsoKnownAs })
  for (const proxy of Object.values(proxies)) proxy.target = server.port
})
afterEach(() => {
  ended.abort()
  ended = new AbortController()
})
afterAll(async () => {
  for (const proxy of Object.values(proxies)) await proxy.stop()
  await server.stop()
  await database.drop()
})

/** One owner, beside the proxy and behind it. */
async function createVaults(
  name: ProxyName,
  options: ConnectionOptions = {},
): Promise<{ direct: Vault; proxied: Vault }> {
  const keystore = memoryKeystore()
  const direct = await createVault({ url: server.url, owner: `owner-${randomUUID()}`, keystore })
  return { direct, proxied: await openVault({ ...options, url: proxies[name].url, keystore }) }
}

const isStreamAsked = (init?: RequestInit) => new Headers(init?.headers).get('accept') === 'text/event-stream'

async function revokeNewKey(vault: Vault): Promise<string> {
  const { id } = await vault.createKey(shop)
  await vault.revokeKey(id)
  return id
}

const subjectOf = (alert: Alert) => ('transactionKey' in alert ? alert.transactionKey.id : null)

/** Follows until `count` alerts have come. The first change `connected` is awaited before `raise` is called. */
async function follow(
  vault: Vault,
  { count, raise }: { readonly count: number; readonly raise: (index: number) => Promise<string> },
): Promise<{ raised: string[]; delivered: (string | null)[]; changes: ConnectionChange[] }> {
  const changes: ConnectionChange[] = []
  const connected = Promise.withResolvers<undefined>()
  const alerts = vault.alerts({
    signal: ended.signal,
    onConnectionChange: (change) => {
      changes.push(change)
      if (change.state === 'connected') connected.resolve(undefined)
    },
  })
  const delivered: (string | null)[] = []
  const reading = (async () => {
    for await (const alert of alerts) if (delivered.push(subjectOf(alert)) === count) break
  })()
  await connected.promise
  const raised: string[] = []
  for (let index = 0; index < count; index += 1) raised.push(await raise(index))
  await reading
  return { raised, delivered, changes }
}

describe('alerts behind a proxy', () => {
  test.each([
    { name: 'refusing', how: 'refuses Upgrade' },
    { name: 'ignoring', how: 'never answers an Upgrade' },
    { name: 'http10', how: 'speaks HTTP/1.0 to the key server' },
    { name: 'buffering', how: 'holds back what is not marked X-Accel-Buffering: no' },
  ] as const)('that $how come as server-sent events', async ({ name }) => {
    const { direct, proxied } = await createVaults(name)
    const { raised, delivered, changes } = await follow(proxied, {
      count: 3,
      raise: () => revokeNewKey(direct),
    })
    expect(delivered).toEqual(raised)
    expect(changes.at(-1)).toMatchObject({ state: 'connected', transport: 'event-stream', reason: null })
    expect(changes.at(-1)?.since).toBeInstanceOf(Date)
    // Why it is not the WebSocket: this is what nobody was told.
    expect(changes.find(({ state }) => state === 'disconnected')).toMatchObject({
      transport: 'websocket',
      reason: name === 'ignoring' ? 'TIMEOUT' : 'NETWORK',
    })
  })

  test('that passes neither Upgrade nor event streams come page by page', async () => {
    const { direct, proxied } = await createVaults('refusing', {
      fetch: (input, init) =>
        isStreamAsked(init)
          ? Promise.resolve(new Response('Not here.', { status: 502 }))
          : fetch(input, init),
    })
    const { raised, delivered, changes } = await follow(proxied, {
      count: 2,
      raise: () => revokeNewKey(direct),
    })
    expect(delivered).toEqual(raised)
    expect(changes.at(-1)).toMatchObject({ state: 'connected', transport: 'paging' })
  })

  test('leave no connection open when the loop is left', async () => {
    const { direct, proxied } = await createVaults('refusing')
    const before = proxies.refusing.openConnections()
    await follow(proxied, { count: 1, raise: () => revokeNewKey(direct) })
    // Node keeps one idle connection for the next request.
    await expect.poll(() => proxies.refusing.openConnections()).toBeLessThanOrEqual(Math.max(before, 1))
  })
})

const nginxMissing = missing('nginx')
if (nginxMissing !== null) process.stderr.write(`Skipped: ${nginxMissing}\n`)

describe.skipIf(nginxMissing !== null)('alerts behind nginx as it is set up by default', () => {
  test('come as server-sent events', async () => {
    const nginx = await startBareNginx({ proxy: nginxPort, keyServer: server.port })
    try {
      const keystore = memoryKeystore()
      const direct = await createVault({ url: server.url, owner: `owner-${randomUUID()}`, keystore })
      const proxied = await openVault({ url: `http://127.0.0.1:${String(nginxPort)}`, keystore })
      const { raised, delivered, changes } = await follow(proxied, {
        count: 3,
        raise: () => revokeNewKey(direct),
      })
      expect(delivered).toEqual(raised)
      expect(changes.at(-1)).toMatchObject({ state: 'connected', transport: 'event-stream' })
    } finally {
      ended.abort()
      await nginx.stop()
    }
  })
})

test('an event stream says that no proxy is to hold it back', async () => {
  const seen: Headers[] = []
  const { direct, proxied } = await createVaults('buffering', {
    fetch: async (input, init) => {
      const response = await fetch(input, init)
      if (isStreamAsked(init)) seen.push(response.headers)
      return response
    },
  })
  await follow(proxied, { count: 1, raise: () => revokeNewKey(direct) })
  expect(seen[0]?.get('x-accel-buffering')).toBe('no')
  expect(seen[0]?.get('cache-control')).toMatch(/no-cache|no-store/)
})
