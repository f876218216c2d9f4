import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { call, openAccount, storeKey } from '../support/raw-client.ts'
import { beginning, openSubscriber, raise, useWorld } from '../support/realtime.ts'
import { missing, startHaproxy, startNginx, type ReverseProxy } from '../support/reverse-proxies.ts'
import { freePort } from '../support/server.ts'
import { feedOverEvents, feedOverSocket } from '../support/socket.ts'

const ports = { nginx: await freePort(), haproxy: await freePort() }
const world = useWorld({
  alsoKnownAs: Object.values(ports).map((port) => `http://127.0.0.1:${String(port)}`),
})

describe.each([
  ['nginx', startNginx],
  ['haproxy', startHaproxy],
] as const)('behind %s, as deploy/ sets it up,', (program, start) => {
  const reason = missing(program)
  if (reason !== null) process.stdout.write(`Not tested: ${reason}\n`)
  let started: ReverseProxy | undefined
  const url = () => started?.url ?? ''

  beforeAll(async () => {
    if (reason !== null) return
    started = await start({ proxy: ports[program], keyServer: Number(new URL(world.url).port) })
  })
  afterAll(async () => {
    await started?.stop()
  })

  test.skipIf(reason !== null)('signed requests are answered, also as large as they may be', async () => {
    const { key } = await openAccount(url())
    const { id } = await storeKey(url(), key)
    const padding = 'x'.repeat(500 * 1024)
    const query = `{ transactionKey(id: "${id}") { id } }`
    expect(await call(url(), key, { query, variables: { padding } })).toMatchObject({
      status: 200,
      data: { transactionKey: { id } },
    })
  })

  test.skipIf(reason !== null).each([
    ['a WebSocket', feedOverSocket],
    ['server-sent events', feedOverEvents],
  ] as const)('alerts arrive at once over %s', async (_transport, open) => {
    const owner = await openSubscriber(url())
    const feed = await open(url(), owner.key, { after: beginning })
    for (let round = 0; round < 3; round++) {
      const raisedAt = performance.now()
      await raise(world, owner)
      await feed.next()
      expect(performance.now() - raisedAt).toBeLessThan(5_000)
    }
    await feed.close()
  })
})
