import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import { connectionsMax } from '../lib/transport-limits.ts'
import type { Readiness } from './health.ts'
import { otherOperation } from '../observation/request-report.ts'
import type { ClientAddressReader } from './client-address.ts'
import type { RequestObserver } from '../observation/request-observer.ts'
import type { OriginPolicy } from './origins.ts'
import { OneAtATime } from './one-at-a-time.ts'
import { sendJson, sendText, setCommonHeaders } from './responses.ts'
import { cutSlowReaders } from './slow-readers.ts'
import type { WaitingBytes } from './waiting-bytes.ts'

export interface HandlerOptions {
  readonly graphql: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  /** Answers /.well-known/jwks.json. */
  readonly jwks: Route
  /** Where the links in mails lead, by path. */
  readonly mailPages: ReadonlyMap<string, Route>
  /** Answers every path that no other route has; null when there is no console. */
  readonly console: Route | null
  readonly originPolicy: () => OriginPolicy
  /** Answers /readyz. */
  readonly readiness: () => Promise<Readiness>
  readonly observer: RequestObserver
  readonly clientAddressOf: ClientAddressReader
  readonly waitingBytes: WaitingBytes
}

/** Answers one request. */
export type Route = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void

/** Every route of a key server. It never throws. */
export function createHandler({
  graphql,
  jwks,
  mailPages,
  console,
  originPolicy,
  readiness,
  observer,
  clientAddressOf,
  waitingBytes,
}: HandlerOptions): RequestListener {
  const routes: ReadonlyMap<string, NamedRoute> = new Map<string, NamedRoute>([
    ['/graphql', { operation: otherOperation, answer: graphql }],
    ['/.well-known/jwks.json', { operation: 'jwks', answer: jwks }],
    ...[...mailPages].map(([path, answer]) => [path, { operation: 'mail', answer }] as const),
    [
      '/healthz',
      {
        operation: 'healthz',
        answer: (_request, response) => {
          sendText(response, 200, 'alive')
        },
      },
    ],
    [
      '/readyz',
      {
        operation: 'readyz',
        answer: async (_request, response) => {
          const answer = await readiness()
          sendJson(response, answer.status === 'ready' ? 200 : 503, answer)
        },
      },
    ],
  ])
  const elsewhere = console === null ? null : { operation: 'console', answer: console }
  return (request, response) => {
    setCommonHeaders(response)
    holdAnswer(response, waitingBytes)
    const route = routes.get(pathOf(request)) ?? elsewhere
    const work = () => {
      if (hasSeveralHosts(request)) sendText(response, 400, 'A request has one Host.')
      else if (!originPolicy().isOwnHost(request.headers.host)) sendText(response, 421, notMyHost)
      else if (route === null) sendText(response, 404, 'There is nothing here. The API is at /graphql.')
      else void Promise.resolve(route.answer(request, response)).catch(() => response.destroy())
    }
    const operation = route?.operation ?? otherOperation
    observer.observeHttp(request, response, { operation, clientAddress: clientAddressOf(request), work })
  }
}

/** A route, and the name of its requests in logs and metrics; a GraphQL request is named by its operation instead. */
interface NamedRoute {
  readonly operation: string
  readonly answer: Route
}

/**
 * An HTTP server for a handler; the caller listens. Every phase of a request has a time-out, and a connection has one request
 * under way at a time.
 */
export function createHttpServer(handler: RequestListener): Server {
  const oneAtATime = new OneAtATime(handler)
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 5_000,
      // Any other offer to upgrade, e.g. of HTTP/2 by Java's client, is an ordinary request (RFC 9110 §7.8).
      shouldUpgradeCallback: ({ headers, socket }) =>
        headers.upgrade?.toLowerCase() === 'websocket' && !oneAtATime.isBusy(socket),
    },
    (request, response) => {
      oneAtATime.handle(request, response)
    },
  )
  cutSlowReaders(server)
  server.maxConnections = connectionsMax
  return server
}

const notMyHost =
  'This key server listens on this machine only, and answers for localhost and the hosts of PUBLIC_URL. A proxy before it passes one of them on as Host.'

/** Node keeps the first Host, and a proxy may have used another (RFC 9112 §3.2). */
function hasSeveralHosts({ rawHeaders }: IncomingMessage): boolean {
  let hosts = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  return hosts > 1
}

/** Counts the part of an answer that the kernel has not taken, until it has. */
function holdAnswer(response: ServerResponse, waitingBytes: WaitingBytes): void {
  // Each of them comes once, and 'once' costs a function and a removal.
  response.on('prefinish', () => {
    const { socket } = response
    if (socket === null || socket.writableLength === 0) return
    waitingBytes.hold(response, socket.writableLength, () => socket.destroy())
  })
  response.on('close', () => {
    waitingBytes.release(response)
  })
}

/** The path without the query; no route depends on a query. */
export function pathOf({ url }: IncomingMessage): string {
  return url?.split('?', 1)[0] ?? '/'
}
