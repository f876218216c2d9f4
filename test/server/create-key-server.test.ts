import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { createVault, memoryKeystore } from '../../client/index.ts'
import { createKeyServer } from '../../server/index.ts'
import { createTestDatabase } from '../support/database.ts'
import { freePort, testServerKeySecret } from '../support/server.ts'

test("a key server answers on an HTTP server of one's own, with subscriptions, until it is closed", async () => {
  const database = await createTestDatabase()
  const port = await freePort()
  const url = `http://localhost:${String(port)}`
  const keyServer = await createKeyServer({
    databaseUrl: database.url,
    serverKeySecret: testServerKeySecret,
    publicOrigins: [url],
  })
  const http = createServer((request, response) => {
    if (request.url === '/mine') response.end('mine')
    else keyServer.handler(request, response)
  })
  keyServer.attachWebSockets(http)
  await new Promise<void>((resolve) => {
    http.listen(port, '127.0.0.1', resolve)
  })
  try {
    expect(await (await fetch(`${url}/mine`)).text()).toBe('mine')
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    const vault = await createVault({ url, owner: 'alice', keystore: memoryKeystore() })
    const [first, second] = [
      await vault.createKey('https://one.example'),
      await vault.createKey('https://two.example'),
    ]
    await vault.revokeKey(first.id)
    const { endCursor } = await vault.alertHistory()
    const alerts = vault.alerts({ after: endCursor ?? '' })
    const next = alerts.next()
    await vault.revokeKey(second.id)
    expect(await next).toMatchObject({ value: { kind: 'KEY_REVOKED', transactionKey: { id: second.id } } })
    await alerts.return?.()
  } finally {
    await Promise.all([keyServer.close(), keyServer.close()])
    http.closeAllConnections()
    http.close()
    await database.drop()
  }
})

test('without publicOrigins only listen knows them, and nothing is served elsewhere', async () => {
  const database = await createTestDatabase()
  const options = { databaseUrl: database.url, serverKeySecret: testServerKeySecret }
  const keyServer = await createKeyServer(options)
  try {
    expect(() => keyServer.handler).toThrow(TypeError)
    expect(() => {
      keyServer.attachWebSockets(createServer())
    }).toThrow(TypeError)
    const { port, origins } = await keyServer.listen()
    expect(origins).toEqual([`http://localhost:${String(port)}`, `http://127.0.0.1:${String(port)}`])
    expect((await fetch(`${origins[1] ?? ''}/readyz`)).status).toBe(200)
    await expect(keyServer.listen()).rejects.toThrow(TypeError)
    await keyServer.close()
    await expect(fetch(`${origins[1] ?? ''}/readyz`)).rejects.toThrow()
  } finally {
    await keyServer.close()
    await database.drop()
  }
})
