import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import { handleProtocols, makeServer } from 'graphql-ws'
import { WebSocketServer, type WebSocket } from 'ws'
import { KeyServerError } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import type { Authentication } from '../authentication/authentication.ts'
import { RequestCaller } from '../authentication/request-caller.ts'
import type { GraphQLEngine } from '../graphql/engine.ts'
import { createErrorMask } from '../graphql/errors.ts'
import type { OriginPolicy } from '../http/origins.ts'
import { pathOf } from '../http/server.ts'
import type { Logger } from '../log.ts'
import type { Revocations } from '../trust/revocations.ts'
import { closeWhenRevoked } from './close-when-revoked.ts'
import { executionOf, prepareOperation } from './operation.ts'
import { readSocketCaller } from './signature.ts'
import { SignedSockets } from './signed-sockets.ts'
import { serveSocket, type SocketExtra } from './socket.ts'

export interface WebSocketServerOptions {
  readonly engine: GraphQLEngine
  readonly authentication: Authentication
  readonly revocations: Revocations
  readonly origins: () => readonly string[]
  readonly originPolicy: () => OriginPolicy
  readonly log: Logger
}

const initTimeoutMs = 5_000
const heartbeatMs = 12_000
/** How long a socket may take to answer a close. */
const closeTimeoutMs = 2_000
const subscriptionsMax = 20
const socketsPerKeyMax = 5

/** Close codes of graphql-transport-ws. */
const forbidden = 4403
const internalError = 4500

/**
 * Serves graphql-transport-ws on /graphql of an HTTP server. A socket runs subscriptions as the management key that
 * signed its `connection_init`, and unsigned queries; what is signed by request goes over HTTP.
 *
 * A refused signature closes the socket with 4403 and the reason's name. So does a management key's sixth socket on this
 * server, with RATE_LIMITED: clients of graphql-transport-ws try again after 4403, while 4429, the protocol's own "too
 * many", means a repeated `connection_init` and is final.
 *
 * @returns a function that closes every socket with 1001, for clients to come back
 */
export function attachWebSocketServer(http: Server, options: WebSocketServerOptions): () => Promise<void> {
  const { engine, log } = options
  const maskError = createErrorMask(log)
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.webSocketMessageBytesMax,
    perMessageDeflate: false,
    handleProtocols,
  })
  const callers = new WeakMap<WebSocket, RequestCaller>()
  const signedSockets = new SignedSockets(socketsPerKeyMax)

  const graphql = makeServer<Record<string, unknown>, SocketExtra>({
    connectionInitWaitTimeout: initTimeoutMs,
    onConnect: async ({ connectionParams, extra: { socket } }) => {
      try {
        const caller = readSocketCaller(connectionParams, options.origins())
        if (caller.isSigned) {
          const { holderId, keyId } = await options.authentication.identify(caller)
          const key = { accountId: holderId, managementKeyId: keyId }
          closeWhenRevoked(socket, { revocations: options.revocations, key })
          await options.authentication.claimAsAny(caller)
          if (!signedSockets.admit(socket, keyId)) {
            throw tooMany('A key', { most: socketsPerKeyMax, what: 'sockets' })
          }
        }
        callers.set(socket, caller)
        return true
      } catch (error) {
        const { extensions } = maskError(error)
        const reason = extensions['reason'] ?? extensions['code']
        socket.close(error instanceof KeyServerError ? forbidden : internalError, String(reason))
        return false
      }
    },
    onSubscribe: async ({ extra: { socket }, subscriptions }, id, payload) => {
      try {
        // The one that is asked for is counted already.
        if (Object.keys(subscriptions).length > subscriptionsMax) {
          throw tooMany('A socket', { most: subscriptionsMax, what: 'operations' })
        }
        return await prepareOperation(engine, callers.get(socket) ?? new RequestCaller(null), payload)
      } catch (error) {
        return [maskError(error)]
      }
    },
    // What ends a subscription is masked by the engine, and then wrapped by graphql-ws.
    onError: (_context, _id, _payload, errors) =>
      errors.map((error) =>
        format(error.originalError instanceof GraphQLError ? error.originalError : maskError(error)),
      ),
    onNext: (_context, _id, _payload, _args, result) =>
      result.errors && {
        ...(result.data !== undefined && { data: result.data }),
        errors: result.errors.map(format),
      },
    execute: (args) => executionOf(args).execute(args),
    subscribe: (args) => executionOf(args).subscribe(args),
  })
  sockets.on('connection', (socket) => {
    serveSocket(socket, { graphql, heartbeatMs, log })
  })

  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { origin } = request.headers
    if (pathOf(request) !== '/graphql') refuseUpgrade(socket, '404 Not Found')
    else if (origin !== undefined && !options.originPolicy().isAllowed(origin)) {
      refuseUpgrade(socket, '403 Forbidden')
    } else {
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        sockets.emit('connection', webSocket, request)
      })
    }
  })

  return () => closeAll(sockets)
}

async function closeAll(sockets: WebSocketServer): Promise<void> {
  for (const socket of sockets.clients) socket.close(1001, 'Going away')
  const timer = setTimeout(() => {
    for (const socket of sockets.clients) socket.terminate()
  }, closeTimeoutMs)
  await new Promise((resolve) => {
    sockets.close(resolve)
  })
  clearTimeout(timer)
}

function tooMany(whose: string, { most, what }: { most: number; what: string }): KeyServerError {
  return new KeyServerError('RATE_LIMITED', `${whose} has at most ${String(most)} ${what} at a time.`, {
    retryAfterSeconds: 1,
  })
}

/** The status of an HTTP answer says nothing on a socket. */
function format(error: GraphQLError): GraphQLFormattedError {
  const { http: _http, ...extensions } = error.extensions
  return { message: error.message, ...(error.path && { path: error.path }), extensions }
}

function refuseUpgrade(socket: Duplex, status: string): void {
  // Nobody else listens to it any more, and an error that nobody listens to ends the process.
  socket.on('error', () => undefined)
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
