import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { generateManagementKey } from '../../client/crypto/management-key.ts'
import { managementKeySigner } from '../../client/transport/message-signer.ts'
import type { Session } from '../../client/trust/session.ts'
import { ResponseReader } from '../../client/transport/response-reader.ts'
import { createClock } from '../../client/transport/clock.ts'
import { Trust } from '../../client/trust/trust.ts'
import { encodeCursor } from '../../schema/wire/cursor.ts'

/** One subscription that reached the server. */
export interface Subscription {
  /** Counts the connections from 0. */
  readonly connection: number
  /** Members of `connection_init`'s payload. */
  readonly payload: Readonly<Record<string, unknown>>
  readonly after: unknown
  /** Sends the alert at this position. */
  readonly next: (position: number) => void
  readonly error: (extensions: Record<string, unknown>) => void
  /** Sends a `next` that has errors, and `complete`, in one chunk, as the key server refuses a subscription. */
  readonly refuse: (extensions: Record<string, unknown>) => void
  readonly complete: () => void
  readonly close: (code: number, reason?: string) => void
  /** Ends the TCP connection without a word. */
  readonly cut: () => void
}

export interface ScriptedServer {
  readonly url: string
  readonly subscriptions: readonly Subscription[]
  /** How many sockets are open. */
  readonly openSockets: () => number
  readonly stop: () => Promise<void>
}

/** A server that speaks graphql-transport-ws and does with each subscription what the script says. */
export async function startScriptedServer(
  script: (subscription: Subscription) => void,
  { refuse }: { refuse?: (connection: number) => { code: number; reason: string } | null } = {},
): Promise<ScriptedServer> {
  const http = createServer()
  const sockets = new WebSocketServer({ server: http })
  const subscriptions: Subscription[] = []
  let connections = 0
  sockets.on('connection', (socket, request) => {
    const connection = connections++
    let payload: Record<string, unknown> = {}
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString())
      if (message.type === 'connection_init') {
        const refusal = refuse?.(connection) ?? null
        if (refusal !== null) {
          socket.close(refusal.code, refusal.reason)
          return
        }
        payload = message.payload
        send(socket, { type: 'connection_ack' })
      } else if (message.type === 'ping') {
        send(socket, { type: 'pong' })
      } else if (message.type === 'subscribe') {
        const { after } = message.payload.variables
        const subscription = createSubscription(socket, {
          id: message.id,
          stream: request.socket,
          connection,
          payload,
          after,
        })
        subscriptions.push(subscription)
        script(subscription)
      }
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const address = http.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    subscriptions,
    openSockets: () => sockets.clients.size,
    stop: async () => {
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

/** A session with the scripted server, whose newest alert has this position; null when there is none. */
export async function sessionWith(
  url: string,
  {
    newest = null,
    history = [],
    nowMs = Date.now,
  }: { newest?: number | null; history?: readonly number[]; nowMs?: () => number } = {},
): Promise<Session> {
  const managementKey = await generateManagementKey({ signingAlgorithm: 'Ed25519', extractable: false })
  const clock = createClock(nowMs)
  const endCursor = newest === null ? null : cursorAt(newest)
  const edges = history.map((position) => ({ node: alertAt(position) }))
  const pageInfo = { endCursor, startCursor: endCursor, hasNextPage: false, hasPreviousPage: false }
  const data = { account: { alerts: { edges, unacknowledgedCount: 0, pageInfo } } }
  const keyServer: Session['keyServer'] = { run: async ({ parse }) => parse(new ResponseReader(data)) }
  return {
    url,
    owner: 'alice',
    managementKey,
    clock,
    signer: managementKeySigner(managementKey, clock),
    keyServer,
    trust: new Trust({ owner: 'alice', managementKey, anchors: [], keyServer, clock }),
    options: { fetch: () => Promise.resolve(keyServerFacts()) },
  }
}

export function cursorAt(position: number): string {
  return encodeCursor('alert', String(position))
}

function keyServerFacts(): Response {
  const body = { data: { keyServer: { version: '0', time: new Date().toISOString() } } }
  return new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } })
}

function createSubscription(
  socket: WebSocket,
  {
    id,
    stream,
    ...facts
  }: {
    id: string
    stream: Duplex
    connection: number
    payload: Record<string, unknown>
    after: unknown
  },
): Subscription {
  return {
    ...facts,
    next: (position) => {
      send(socket, { id, type: 'next', payload: { data: { alerts: alertAt(position) } } })
    },
    error: (extensions) => {
      send(socket, { id, type: 'error', payload: [{ message: 'No.', extensions }] })
    },
    refuse: (extensions) => {
      stream.cork()
      send(socket, { id, type: 'next', payload: { data: null, errors: [{ message: 'No.', extensions }] } })
      send(socket, { id, type: 'complete' })
      stream.uncork()
    },
    complete: () => {
      send(socket, { id, type: 'complete' })
    },
    close: (code, reason) => {
      socket.close(code, reason)
    },
    cut: () => {
      socket.terminate()
    },
  }
}

function alertAt(position: number) {
  return {
    kind: 'KEY_REVOKED',
    cursor: cursorAt(position),
    occurredAt: '2026-11-23T06:00:00.000Z',
    acknowledgedAt: null,
    transactionKey: { id: String(position), applicationServer: 'https://shop.example', label: null },
    reason: 'UNSPECIFIED',
  }
}

function send(socket: WebSocket, message: object): void {
  socket.send(JSON.stringify(message))
}
