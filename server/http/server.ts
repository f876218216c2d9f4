import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Databases } from '../database/connect.ts'
import { connectionsMax } from '../transport-limits.ts'
import { isReady } from './health.ts'
import { sendText, setCommonHeaders } from './responses.ts'

export interface HttpServerOptions {
  readonly graphql: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  /** Answers /.well-known/jwks.json. */
  readonly jwks: Route
  readonly databases: Databases
  readonly isStopping: () => boolean
}

type Route = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void

/** The HTTP server with its routes; the caller listens. Every phase of a request has a time-out. */
export function createHttpServer({ graphql, jwks, databases, isStopping }: HttpServerOptions): Server {
  const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
    ['/graphql', graphql],
    ['/.well-known/jwks.json', jwks],
    [
      '/healthz',
      (_request, response) => {
        sendText(response, 200, 'alive')
      },
    ],
    [
      '/readyz',
      async (_request, response) => {
        const isServing = !isStopping() && (await isReady(databases))
        sendText(response, isServing ? 200 : 503, isServing ? 'ready' : 'not ready')
      },
    ],
  ])
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 5_000,
      // Any other offer to upgrade, e.g. of HTTP/2 by Java's client, is an ordinary request (RFC 9110 §7.8).
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
    },
    (request, response) => {
      setCommonHeaders(response)
      const route = routes.get(pathOf(request))
      if (route === undefined) sendText(response, 404, 'There is nothing here. The API is at /graphql.')
      else void Promise.resolve(route(request, response)).catch(() => response.destroy())
    },
  )
  server.maxConnections = connectionsMax
  return server
}

/** The path without the query; no route depends on a query. */
export function pathOf({ url }: IncomingMessage): string {
  return url?.split('?', 1)[0] ?? '/'
}
