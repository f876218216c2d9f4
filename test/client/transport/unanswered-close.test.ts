import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { connectSocket } from '../../../client/transport/web-socket.ts'

/** A server that opens WebSockets and then says nothing more, not even to a Close. */
async function silentServer() {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.once('data', (head) => {
      const [, key = ''] = /sec-websocket-key: (.*)\r/i.exec(head.toString()) ?? []
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n`,
      )
      socket.on('data', () => undefined)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  // Listening on a port, so an address of IP.
  const address = server.address()
  const { port }: Pick<AddressInfo, 'port'> =
    typeof address === 'object' && address !== null ? address : { port: 0 }
  return { url: `ws://127.0.0.1:${String(port)}/graphql`, sockets }
}

test('the connection is gone within seconds of a Close that the server never answers, and no other one is', async () => {
  const { url, sockets } = await silentServer()
  const open = () =>
    new Promise<ReturnType<typeof connectSocket>>((resolve, reject) => {
      const socket = connectSocket(url, {
        webSocketImpl: undefined,
        onOpen: async () => {
          resolve(socket)
        },
        onMessage: () => undefined,
        onEnd: reject,
      })
    })
  const [first, second] = [await open(), await open()]
  first.close()
  await expect
    .poll(() => sockets.map(({ destroyed }) => destroyed), { timeout: 5_000 })
    .toEqual([true, false])
  second.close()
  await expect.poll(() => sockets.map(({ destroyed }) => destroyed), { timeout: 5_000 }).toEqual([true, true])
})
