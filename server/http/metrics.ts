import { createServer } from 'node:http'
import { drain, listen } from './listening.ts'
import { createOriginPolicy } from './origins.ts'
import { sendText } from './responses.ts'
import { pathOf } from './server.ts'

export interface MetricsServerOptions {
  /** Default: 127.0.0.1. */
  readonly host?: string | undefined
  readonly port: number
  readonly contentType: string
  readonly read: () => Promise<string>
}

/** A reader comes every few seconds, over one connection. */
const connectionsMax = 20

/**
 * Serves /metrics on a port of its own, so that the proxy in front of the key server does not reach it. On loopback it
 * answers for loopback hosts alone, as the key server does.
 *
 * @returns a function that closes it
 * @throws Error in words when it cannot listen
 */
export async function serveMetrics({
  host = '127.0.0.1',
  port,
  contentType,
  read,
}: MetricsServerOptions): Promise<() => Promise<void>> {
  let policy = createOriginPolicy({
    ownOrigins: [],
    allowedOrigins: [],
    allowsLoopback: false,
    listensOn: host,
  })
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000 }, (request, response) => {
    response.setHeader('Cache-Control', 'no-store')
    response.setHeader('X-Content-Type-Options', 'nosniff')
    if (!policy.isOwnHost(request.headers.host)) sendText(response, 421, 'The metrics are for this machine.')
    else if (pathOf(request) !== '/metrics') sendText(response, 404, 'The metrics are at /metrics.')
    else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD')
      sendText(response, 405, 'The metrics are read by GET.')
    } else {
      read().then(
        (text) => response.writeHead(200, { 'Content-Type': contentType }).end(text),
        () => {
          sendText(response, 500, 'The metrics cannot be read.')
        },
      )
    }
  })
  server.maxConnections = connectionsMax
  try {
    const { address } = await listen(server, { host, port })
    policy = createOriginPolicy({
      ownOrigins: [],
      allowedOrigins: [],
      allowsLoopback: false,
      listensOn: address,
    })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw new Error(`The metrics cannot listen: look at METRICS_PORT and METRICS_HOST (${code}).`, {
      cause: error,
    })
  }
  return () => drain(server)
}
