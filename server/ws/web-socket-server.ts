import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import { handleProtocols, makeServer } from 'graphql-ws'
import { WebSocketServer, type WebSocket } from 'ws'
import { KeyServerError } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import type { Authenticator } from '../auth/signed-request.ts'
import type { GraphQLEngine } from '../graphql/engine.ts'
import { createErrorMask } from '../graphql/errors.ts'
import type { ClientAddressReader } from '../http/client-address.ts'
import type { OriginPolicy } from '../http/origins.ts'
import { pathOf } from '../http/server.ts'
import type { Logger } from '../lib/log.ts'
import { countedAddress } from '../lib/counted-address.ts'
import { ConcurrencyLimiter } from '../lib/concurrency-limiter.ts'
import {
  operationsPerSocketMax,
  socketsPerKeyMax,
  unsignedIdleMs,
  unsignedSocketsPerAddressMax,
} from '../lib/transport-limits.ts'
import type { RequestObserver } from '../observation/request-observer.ts'
import { noteAccount, noteOperation, requestIdOf } from '../observation/request-report.ts'
import type { RevocationWatch } from '../auth/revocation-watch.ts'
import { closeWhenIdle } from './close-when-idle.ts'
import { closeWhenRevoked } from './close-when-revoked.ts'
import { Heartbeats } from './heartbeats.ts'
import { executionOf, prepareOperation } from './operation.ts'
import { readSocketSignature } from './signature.ts'
import { serveSocket, type SocketExtra } from './socket.ts'

export interface WebSocketServerOptions {
  readonly engine: GraphQLEngine
  readonly authenticator: Authenticator
  readonly clientAddressOf: ClientAddressReader
  readonly revocations: RevocationWatch
  readonly origins: () => readonly string[]
  readonly originPolicy: () => OriginPolicy
  readonly observer: RequestObserver
  readonly log: Logger
}

const initTimeoutMs = 5_000
/** A dead socket is found within twice that. Heartbeats are what an idle socket costs. */
const heartbeatMs = 24_000
/** How long a socket may take to answer a close. */
const closeTimeoutMs = 2_000
/** How soon to retry an operation or a socket that was one too many. */
const retrySeconds = 1

/** Close codes of graphql-transport-ws. */
const forbidden = 4403
const internalError = 4500

/**
 * Serves graphql-transport-ws on /graphql of an HTTP server. A socket runs subscriptions as the principal that signed its
 * `connection_init`, and unsigned queries; signed queries and mutations go over HTTP. An unsigned socket is closed with 1000
 * when it runs nothing for a minute.
 *
 * A refused signature closes the socket with 4403 and the reason's name. A key's sixth socket on this server, and an
 * address's 101st unsigned one, are closed with 4403 and RATE_LIMITED: clients of graphql-transport-ws retry after 4403,
 * while 4429, the protocol's own "too many", means a repeated `connection_init` and is final.
 *
 * @returns a function that closes every socket with 1001, so that clients connect again
 */
export function attachWebSocketServer(http: Server, options: WebSocketServerOptions): () => Promise<void> {
  const { clientAddressOf, observer, log } = options
  const graphql = createProtocolServer(options)
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.webSocketMessageBytesMax,
    perMessageDeflate: false,
    handleProtocols,
  })
  const heartbeats = new Heartbeats({ everyMs: heartbeatMs })
  /** The id of each request to open a socket. The ids of the socket's messages begin with it. */
  const ids = new WeakMap<IncomingMessage, string>()
  sockets.on('headers', (headers, request) => {
    const id = requestIdOf(request.headers)
    ids.set(request, id)
    headers.push(`X-Request-Id: ${id}`)
  })
  sockets.on('connection', (socket, request) => {
    const clientAddress = clientAddressOf(request)
    const id = ids.get(request) ?? requestIdOf(request.headers)
    let messages = 0
    const observe = (work: () => Promise<void>) =>
      observer.observeMessage({ id: `${id}.${String(++messages)}`, clientAddress }, work)
    serveSocket(socket, { clientAddress, graphql, observe, heartbeats, log })
  })
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = refusalOfUpgrade(request, options.originPolicy())
    if (refusal !== null) {
      const code = `HTTP_${refusal.slice(0, 3)}`
      observer.countRefusal(request, { code, clientAddress: clientAddressOf(request) })
      refuseUpgrade(socket, refusal)
    } else {
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        sockets.emit('connection', webSocket, request)
      })
    }
  })
  return () => closeAll(sockets)
}

/** The protocol of all sockets: graphql-ws with hooks that authenticate, execute and mask errors. */
function createProtocolServer(options: WebSocketServerOptions) {
  const { engine, authenticator, log } = options
  const maskError = createErrorMask(log)
  const acceptSocket = createSocketGate(options)
  return makeServer<Record<string, unknown>, SocketExtra>({
    connectionInitWaitTimeout: initTimeoutMs,
    onConnect: async ({ connectionParams, extra }) => {
      noteOperation('connect')
      try {
        await acceptSocket(extra, connectionParams)
        return true
      } catch (error) {
        const { extensions } = maskError(error)
        const reason = extensions['reason'] ?? extensions['code']
        extra.socket.close(error instanceof KeyServerError ? forbidden : internalError, String(reason))
        return false
      }
    },
    onSubscribe: async ({ extra, subscriptions }, id, payload) => {
      try {
        extra.onActivity()
        // graphql-ws has counted this one already.
        if (Object.keys(subscriptions).length > operationsPerSocketMax) throw tooManyOperations()
        const { clientAddress } = extra
        const unsigned = authenticator.request(null, clientAddress)
        const socket = extra.signedRequest ?? unsigned
        return await prepareOperation(engine, { socket, unsigned, clientAddress }, payload)
      } catch (error) {
        return [maskError(error)]
      }
    },
    // An error that ends a subscription is masked by the engine, and then wrapped by graphql-ws.
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
}

/**
 * Accepts a socket by its `connection_init`: verifies the signature, or bounds the unsigned socket.
 *
 * @throws {KeyServerError} UNAUTHENTICATED, RATE_LIMITED
 */
function createSocketGate({ authenticator, revocations, origins }: WebSocketServerOptions) {
  const ofKeys = new ConcurrencyLimiter({
    perHolderMax: socketsPerKeyMax,
    refusal: `A key has at most ${String(socketsPerKeyMax)} sockets at a time.`,
    retrySeconds,
  })
  const unsignedOfAddresses = new ConcurrencyLimiter({
    perHolderMax: unsignedSocketsPerAddressMax,
    refusal: `An address has at most ${String(unsignedSocketsPerAddressMax)} unsigned sockets at a time.`,
    retrySeconds,
  })
  return async (extra: SocketExtra, payload: Record<string, unknown> | undefined): Promise<void> => {
    const { socket, clientAddress } = extra
    const request = authenticator.request(readSocketSignature(payload, origins()), clientAddress)
    if (request.hasSignature) {
      const { kind, principalId, keyId } = await request.identify()
      if (kind === 'ACCOUNT') noteAccount(principalId)
      closeWhenRevoked(socket, { revocations, key: { principalId, keyId } })
      await request.consumeNonce()
      countUntilClosed(socket, ofKeys, keyId)
    } else {
      countUntilClosed(socket, unsignedOfAddresses, countedAddress(clientAddress))
      extra.onActivity = closeWhenIdle(socket, { idleMs: unsignedIdleMs })
    }
    extra.signedRequest = request
  }
}

/** The status line of a request to open a WebSocket that is not served; null: it is. */
function refusalOfUpgrade(request: IncomingMessage, policy: OriginPolicy): string | null {
  const { host, origin } = request.headers
  if (!policy.isOwnHost(host)) return '421 Misdirected Request'
  if (pathOf(request) !== '/graphql') return '404 Not Found'
  return origin === undefined || policy.isAllowed(origin) ? null : '403 Forbidden'
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

/** Counts a socket until it closes. @throws {KeyServerError} RATE_LIMITED */
function countUntilClosed(socket: WebSocket, limiter: ConcurrencyLimiter, holder: string): void {
  // When it was closed while its signature was checked, no `close` event follows.
  if (socket.readyState !== socket.OPEN) return
  socket.once('close', limiter.acquire(holder))
}

function tooManyOperations(): KeyServerError {
  const max = String(operationsPerSocketMax)
  return new KeyServerError('RATE_LIMITED', `A socket has at most ${max} operations at a time.`, {
    retryAfterSeconds: retrySeconds,
  })
}

/** Removes the HTTP status, which has no meaning on a socket. */
function format(error: GraphQLError): GraphQLFormattedError {
  const { http: _http, ...extensions } = error.extensions
  return { message: error.message, ...(error.path && { path: error.path }), extensions }
}

function refuseUpgrade(socket: Duplex, status: string): void {
  // The socket has no other listener, and an `error` event without a listener ends the process.
  socket.on('error', () => undefined)
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
