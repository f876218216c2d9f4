import { randomUUID } from 'node:crypto'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createVault, memoryKeystore, openVault, type Alert, type Vault } from '../../../client/index.ts'
import type { ConnectionChange } from '../../../client/alerts/connection-change.ts'
import { encodeCursor } from '../../../schema/wire/cursor.ts'
import { createTestDatabase, type TestDatabase } from '../../support/database.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'

const shop = 'https://shop.example'

let database: TestDatabase
let server: TestServer
let proxy: Proxy
beforeAll(async () => {
  database = await createTestDatabase()
  proxy = await startProxy()
  server = await startTestServer(database.url, { alsoKnownAs: [proxy.url] })
  proxy.target = server.port
})
afterAll(async () => {
  await proxy.stop()
  await server.stop()
  await database.drop()
})

interface Proxy {
  readonly url: string
  target: number
  /** Ends every connection, without a word to either side. */
  cut(): void
  stop(): Promise<void>
}

/** A TCP relay on loopback. */
async function startProxy(): Promise<Proxy> {
  const open = new Set<Socket>()
  const relay: Server = createServer((inside) => {
    const outside = connect({ port: proxyState.target, host: '127.0.0.1' })
    for (const [one, other] of [
      [inside, outside],
      [outside, inside],
    ] as const) {
      open.add(one)
      one.on('error', () => undefined)
      one.on('close', () => {
        open.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  const address = relay.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const cut = () => {
    for (const socket of open) socket.destroy()
  }
  const proxyState: Proxy = {
    url: `http://127.0.0.1:${port}`,
    target: 0,
    cut,
    stop: async () => {
      cut()
      await new Promise((resolve) => relay.close(resolve))
    },
  }
  return proxyState
}

async function createVaults(): Promise<{ direct: Vault; proxied: Vault }> {
  const keystore = memoryKeystore()
  const direct = await createVault({ url: server.url, owner: `owner-${randomUUID()}`, keystore })
  return { direct, proxied: await openVault({ url: proxy.url, keystore }) }
}

async function revokeNewKey(vault: Vault): Promise<string> {
  const { id } = await vault.createKey(shop)
  await vault.revokeKey(id)
  return id
}

async function take(alerts: AsyncIterable<Alert>, count: number): Promise<Alert[]> {
  const taken: Alert[] = []
  for await (const alert of alerts) if (taken.push(alert) === count) break
  return taken
}

const subjectOf = (alert: Alert) => ('transactionKey' in alert ? alert.transactionKey.id : null)

describe('alerts', () => {
  test('come from now on, with what they are about', async () => {
    const { direct } = await createVaults()
    await revokeNewKey(direct)
    const stream = direct.alerts()
    const first = stream.next()
    // Whatever happens once the first is asked for is delivered; wait until the stream has pinned its start.
    await new Promise((resolve) => setTimeout(resolve, 300))
    const { id } = await direct.createKey(shop, { maxUses: 1, label: 'Till 3' })
    await direct.acquire({ id })
    await direct.acquire({ id })
    await direct.revokeKey(id, { reason: 'SUPERSEDED' })
    const transactionKey = { id, applicationServer: shop, label: 'Till 3' }
    expect((await first).value).toMatchObject({
      kind: 'KEY_OVERUSED',
      maxUses: 1,
      excess: 1,
      refused: false,
      managementKeyId: direct.managementKeyId,
      transactionKey,
    })
    expect((await stream.next()).value).toMatchObject({
      kind: 'KEY_REVOKED',
      reason: 'SUPERSEDED',
      transactionKey,
    })
    await stream.return?.()
  })

  test('that came before are delivered after a cursor, and by kind', async () => {
    const { direct } = await createVaults()
    const ids = [await revokeNewKey(direct), await revokeNewKey(direct), await revokeNewKey(direct)]
    const { alerts } = await direct.alertHistory({ first: 1 })
    const after = alerts[0]?.cursor
    expect((await take(direct.alerts({ after }), 2)).map(subjectOf)).toEqual(ids.slice(1))
    const { id } = await direct.createKey(shop, { maxUses: 1 })
    await direct.acquire({ id })
    await direct.acquire({ id })
    const overused = await take(direct.alerts({ after, kinds: ['KEY_OVERUSED'] }), 1)
    expect(overused.map(subjectOf)).toEqual([id])
  })

  test('are paged and acknowledged', async () => {
    const { direct } = await createVaults()
    for (let count = 0; count < 3; count += 1) await revokeNewKey(direct)
    const page = await direct.alertHistory({ last: 2 })
    expect(page).toMatchObject({ hasPreviousPage: true, unacknowledgedCount: 3 })
    expect(page.alerts).toHaveLength(2)
    expect(await direct.acknowledgeAlerts(page.startCursor ?? '')).toBe(2)
    expect(await direct.alertHistory({ unacknowledgedOnly: true })).toMatchObject({ unacknowledgedCount: 1 })
  })

  test('after a cursor that the server does not have come from the history, which is said', async () => {
    const { direct } = await createVaults()
    const other = (await createVaults()).direct
    await revokeNewKey(other)
    const { endCursor } = await other.alertHistory()
    const raised = [await revokeNewKey(direct), await revokeNewKey(direct)]
    const states: string[] = []
    const onConnectionChange = ({ state, reason }: ConnectionChange) => {
      states.push(reason === null ? state : `${state}: ${reason}`)
    }
    const delivered = await take(direct.alerts({ after: endCursor ?? '', onConnectionChange }), 2)
    expect(delivered.map(subjectOf)).toEqual(raised)
    expect(states).toContain('resumed-from-history: CURSOR_EXPIRED')
  })

  test('after a cursor of the version before go on behind it', async () => {
    const { direct } = await createVaults()
    const raised = [await revokeNewKey(direct), await revokeNewKey(direct), await revokeNewKey(direct)]
    const delivered = await take(direct.alerts({ after: encodeCursor('alert', '1') }), 2)
    expect(delivered.map(subjectOf)).toEqual(raised.slice(1))
  })

  test('are delivered exactly once and in order while the connection is cut again and again', async () => {
    const { direct, proxied } = await createVaults()
    const count = 40
    const delivered = take(proxied.alerts(), count)
    await new Promise((resolve) => setTimeout(resolve, 300))
    const raised: string[] = []
    while (raised.length < count) {
      raised.push(await revokeNewKey(direct))
      if (raised.length % 8 === 0) proxy.cut()
    }
    expect((await delivered).map(subjectOf)).toEqual(raised)
  })

  test('are delivered exactly once across a restart of the key server', async () => {
    const { direct, proxied } = await createVaults()
    const delivered = take(proxied.alerts(), 4)
    await new Promise((resolve) => setTimeout(resolve, 300))
    const raised = [await revokeNewKey(direct), await revokeNewKey(direct)]
    await server.stop()
    server = await startTestServer(database.url, { port: server.port, alsoKnownAs: [proxy.url] })
    raised.push(await revokeNewKey(direct), await revokeNewKey(direct))
    expect((await delivered).map(subjectOf)).toEqual(raised)
  })
})
