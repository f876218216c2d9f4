import { createServer } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { createVerifier } from '../../../client/verifier/create-verifier.ts'
import { followKeyChanges } from '../../../client/verifier/freshness/follow.ts'
import type { FollowEvent } from '../../../client/verifier/freshness/key-change-loop.ts'

/* A follower whose clock the key server does not like. */

let url: string
let time = new Date()
const created: number[] = []
const http = createServer((_request, response) => {
  const body = { data: { keyServer: { version: '0', time: time.toISOString() } } }
  response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
})
const sockets = new WebSocketServer({ server: http })

beforeAll(async () => {
  sockets.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => {
      created.push(Number(/created=(\d+)/.exec(data.toString())?.[1]))
      socket.close(4403, 'SIGNATURE_EXPIRED')
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const address = http.address()
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
})
afterAll(async () => {
  sockets.close()
  http.closeAllConnections()
  await new Promise((resolve) => http.close(resolve))
})

test.each([
  { by: 'a year', aheadSeconds: 365 * 86_400, code: 'CLOCKS_DIFFER', signedAheadSeconds: 0 },
  { by: 'minutes', aheadSeconds: 240, code: 'SIGNATURE_EXPIRED', signedAheadSeconds: 240 },
])(
  'a follower that is refused by a server whose clock is $by ahead is lost with $code',
  async ({ aheadSeconds, code, signedAheadSeconds }) => {
    created.length = 0
    const events: FollowEvent[] = []
    time = new Date(Date.now() + aheadSeconds * 1000)
    const { privateKey, publicKey } = await crypto.subtle.generateKey(
      { name: 'ECDSA', namedCurve: 'P-256' },
      true,
      ['sign', 'verify'],
    )
    const following = await followKeyChanges(
      createVerifier({ url, applicationServer: 'https://shop.example' }),
      {
        signingKey: { privateKey, publicKey },
        onEvent: (event) => events.push(event),
      },
    )
    await expect.poll(() => created.length).toBeGreaterThanOrEqual(2)
    following.close()
    expect(events).toContainEqual({ type: 'lost', code })
    const [, second = 0] = created
    expect(Math.abs(second - Date.now() / 1000 - signedAheadSeconds)).toBeLessThan(15)
  },
)
