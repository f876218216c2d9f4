import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { serverKeySecretOf } from './server-keys/sealing-secret.ts'
import { migrate } from './database/migrate.ts'
import { codesOf } from './database/error-codes.ts'
import { findDatabase } from './database/requirements.ts'
import { within } from './database/within.ts'
import { createGraphQLEngine } from './graphql/engine.ts'
import { createGraphQLEndpoint } from './http/graphql-endpoint.ts'
import { createJwksEndpoint } from './http/jwks.ts'
import { createOriginPolicy } from './http/origins.ts'
import { createHttpServer } from './http/server.ts'
import { WaitingBytes } from './http/waiting-bytes.ts'
import type { Logger } from './lib/log.ts'
import { createServices, type Services } from './services.ts'
import { waitingBytesMax } from './lib/transport-limits.ts'
import { attachWebSocketServer } from './ws/web-socket-server.ts'

export interface KeyServerOptions {
  readonly databaseUrl: string
  /** A direct connection for LISTEN and migrations, where `databaseUrl` goes through a pooler. */
  readonly databaseListenUrl?: string
  /**
   * Seals the private keys that sign answers, which the database holds: 32 random bytes in base64, the same for every
   * server on the database, and kept apart from it.
   */
  readonly serverKeySecret?: string
  /** Connections for writing. */
  readonly databasePoolSize?: number
  /** How long alerts are kept, in days; by default a year. */
  readonly alertRetentionDays?: number
  /** Lets webhooks be http, and lead to addresses that only the operator's own network reaches. By default neither. */
  readonly allowsPrivateWebhooks?: boolean
  /** Application servers may prove their keys over http, and at addresses of the operator's own network. */
  readonly allowsPrivateApplicationServers?: boolean
  readonly host?: string
  /** 0, the default, for any free port. */
  readonly port?: number
  /** The origins that clients know this server by; by default those of loopback at its port. */
  readonly publicOrigins?: readonly string[]
  /** Web origins besides its own that may call from a browser; '*' for all. */
  readonly allowedOrigins?: readonly string[]
  /** GraphiQL, and every loopback origin allowed. */
  readonly isDevelopment?: boolean
  /**
   * How long `stop` goes on serving before it closes anything, while /readyz answers 503 so that load balancers send new
   * requests elsewhere. By default 0.
   */
  readonly shutdownDelaySeconds?: number
  readonly log: Logger
}

export interface RunningKeyServer {
  readonly port: number
  readonly origins: readonly string[]
  /** After `shutdownDelaySeconds` ends subscriptions, lets requests that are under way finish, and closes all connections. */
  stop(): Promise<void>
}

/** How long reading the signing keys and LISTEN may take once the database has answered. */
const startMsMax = 60_000
/** How long requests that are under way may take once the server stops. */
const drainMs = 10_000
const idleSweepMs = 50

/**
 * Runs a key server on a database: checks what it needs, migrates, listens.
 *
 * @throws Error in words when the database does not fit, or the port is taken
 */
export async function startKeyServer(options: KeyServerOptions): Promise<RunningKeyServer> {
  const { databaseUrl, log, isDevelopment = false } = options
  const listenUrl = options.databaseListenUrl ?? databaseUrl
  const { route, listenRoute } = await findDatabase({ databaseUrl, listenUrl })
  await migrate(listenUrl, {
    route: listenRoute,
    onWait: () => {
      log.info('waiting for another server, which migrates the database')
    },
  })
  const known: KnownOrigins = { origins: options.publicOrigins ?? [] }
  const services = createServices({
    databaseUrl,
    listenUrl,
    route,
    listenRoute,
    writeConnectionsMax: options.databasePoolSize ?? 10,
    serverKeySecret: serverKeySecretOf({ serverKeySecret: options.serverKeySecret ?? null, databaseUrl }),
    alertRetentionDays: options.alertRetentionDays ?? 365,
    allowsPrivateWebhooks: options.allowsPrivateWebhooks ?? false,
    allowsPrivateApplicationServers: options.allowsPrivateApplicationServers ?? false,
    issuer: () => known.origins[0] ?? '',
    log,
  })
  try {
    await within(startMsMax, services.start())
    return await serve(services, { ...options, known, isDevelopment })
  } catch (error) {
    await services.stop()
    throw error
  }
}

/** The server's own origins. By default its port is in them, which is not known before it listens. */
interface KnownOrigins {
  origins: readonly string[]
}

async function serve(
  services: Services,
  options: KeyServerOptions & { readonly known: KnownOrigins; readonly isDevelopment: boolean },
): Promise<RunningKeyServer> {
  const { log, isDevelopment, known } = options
  let isStopping = false
  let originPolicy = createOriginPolicy({ ownOrigins: [], allowedOrigins: [], allowsLoopback: false })
  const engine = createGraphQLEngine(services, { log, hasGraphiQL: isDevelopment })
  const front = {
    engine,
    authentication: services.authentication,
    origins: () => known.origins,
    originPolicy: () => originPolicy,
    log,
  }
  const waitingBytes = new WaitingBytes(waitingBytesMax)
  const http = createHttpServer({
    graphql: createGraphQLEndpoint({ ...front, waitingBytes, hasGraphiQL: isDevelopment }),
    jwks: createJwksEndpoint(() => services.signingKeys.published()),
    databases: services.databases,
    waitingBytes,
    isStopping: () => isStopping,
  })
  const closeSockets = attachWebSocketServer(http, {
    ...front,
    revocations: services.revocations,
  })

  // The port is known now, and with it the default origins; no request has been answered yet.
  const { port, family } = await listen(http, options)
  const origins = options.publicOrigins ?? loopbackOrigins(port, family)
  known.origins = origins
  originPolicy = createOriginPolicy({
    ownOrigins: origins,
    allowedOrigins: options.allowedOrigins ?? [],
    allowsLoopback: isDevelopment,
  })
  return {
    port,
    origins,
    async stop() {
      isStopping = true
      await delay((options.shutdownDelaySeconds ?? 0) * 1_000)
      services.endSubscriptions()
      await closeSockets()
      await drain(http)
      await services.stop()
    },
  }
}

function loopbackOrigins(port: number, family: string): string[] {
  const address = family === 'IPv6' ? '[::1]' : '127.0.0.1'
  return [`http://localhost:${String(port)}`, `http://${address}:${String(port)}`]
}

const loopback = '127.0.0.1'

/** On loopback, where that is what is asked for and the machine has no IPv4, on ::1. */
async function listen(http: Server, { host = loopback, port = 0 }: KeyServerOptions): Promise<AddressInfo> {
  try {
    return await listenOn(http, { host, port })
  } catch (error) {
    if (host !== loopback || !codesOf(error).includes('EADDRNOTAVAIL')) throw error
    return listenOn(http, { host: '::1', port })
  }
}

async function listenOn(http: Server, { host, port }: { host: string; port: number }): Promise<AddressInfo> {
  const { promise, resolve, reject } = Promise.withResolvers<AddressInfo>()
  http.once('error', reject)
  http.listen({ host, port }, () => {
    http.off('error', reject)
    const address = http.address()
    if (address === null || typeof address === 'string') reject(new TypeError('A TCP server has a port.'))
    else resolve(address)
  })
  return promise
}

async function drain(http: Server): Promise<void> {
  const closed = new Promise<void>((resolve) =>
    http.close(() => {
      resolve()
    }),
  )
  // A connection that is kept alive is idle once its request has been answered.
  const sweep = setInterval(() => {
    http.closeIdleConnections()
  }, idleSweepMs)
  const timer = setTimeout(() => {
    http.closeAllConnections()
  }, drainMs)
  await closed
  clearInterval(sweep)
  clearTimeout(timer)
}
