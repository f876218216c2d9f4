/**
 * Fan-out without a database, signatures or cursors, for comparison: graphql-ws as its documentation sets it up, over an
 * in-memory pub/sub. A message `{ accounts }` from the parent publishes one alert to each of them.
 */
import { createServer } from 'node:http'
import { EventEmitter, on } from 'node:events'
import { buildSchema, execute, subscribe, validate } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'

const [port = ''] = process.argv.slice(2)

const schema = buildSchema(`
  type Query { ready: Boolean! }
  type Subscription { alerts(account: ID!): Alert! }
  type Alert { id: ID! kind: String! cursor: String! occurredAt: String! }
`)

interface BareAlert {
  readonly id: string
  readonly kind: string
  readonly cursor: string
  readonly occurredAt: string
}

const published = new EventEmitter<Record<string, [BareAlert]>>()
published.setMaxListeners(0)

const roots = {
  subscription: {
    async *alerts({ account }: { account: string }) {
      for await (const event of on(published, account)) {
        const alert: unknown = event[0]
        yield { alerts: alert }
      }
    },
  },
}

const http = createServer((_request, response) => response.end('ready'))
// Named, because graphql-ws has another copy of graphql where the peers are installed.
useServer(
  { schema, roots, execute, subscribe, validate },
  new WebSocketServer({ server: http, path: '/graphql' }),
)
http.listen(Number(port), '127.0.0.1')

let count = 0
process.on('message', ({ accounts }: { accounts: readonly string[] }) => {
  const occurredAt = new Date().toISOString()
  for (const account of accounts) {
    const id = String(++count)
    published.emit(account, { id, kind: 'KEY_EXPIRED', cursor: id, occurredAt })
  }
})
process.on('disconnect', () => process.exit())
