import type { RequestListener, Server } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { serverKeySecretOf } from './server-keys/sealing-secret.ts'
import { migrate, readMigrationHashes } from './database/migrate.ts'
import { openDatabase, type OpenDatabase } from './database/open-database.ts'
import { findDatabase } from './database/requirements.ts'
import { within } from './database/within.ts'
import { createGraphQLEngine } from './graphql/engine.ts'
import { builtConsole } from './http/built-console.ts'
import { createClientAddressReader } from './http/client-address.ts'
import { createConsoleEndpoint } from './http/console.ts'
import { createGraphQLEndpoint } from './http/graphql-endpoint.ts'
import { createReadiness } from './http/health.ts'
import { createJwksEndpoint } from './http/jwks.ts'
import { drain, listen } from './http/listening.ts'
import { createMailPages } from './http/mail-pages.ts'
import { serveMetrics } from './http/metrics.ts'
import { createOriginPolicy, type OriginPolicy } from './http/origins.ts'
import { createHandler, createHttpServer, type Route } from './http/server.ts'
import { WaitingBytes } from './http/waiting-bytes.ts'
import type { KeyServerOptions, ListenOptions } from './key-server-options.ts'
import { createLogger, type Logger } from './lib/log.ts'
import { noTraces, type Traces } from './lib/traces.ts'
import { noMeters } from './observation/meters.ts'
import type { Prometheus } from './observation/prometheus.ts'
import type { TraceSettings } from './observation/trace-settings.ts'
import { rateLimitsOf } from './rate-limits/rate-limit-names.ts'
import { defaultQuotas } from './quotas/quotas.ts'
import { createServices, type Services } from './services.ts'
import { isPublicAddress } from './outbound/public-address.ts'
import { waitingBytesMax } from './lib/transport-limits.ts'
import { attachWebSocketServer } from './ws/web-socket-server.ts'

/** A key server that is ready to answer, on whichever HTTP server: that of `listen`, or one of yours. */
export interface KeyServer {
  /**
   * For `createServer` of `node:http`, Express and Connect: the API at /graphql, /.well-known/jwks.json, /healthz and
   * /readyz, and the console at every other path unless it is off. Mount it at the root of its origin; what goes before
   * it must not read bodies.
   *
   * @throws {TypeError} when it is read without `publicOrigins`, against which signatures are checked
   */
  readonly handler: RequestListener
  /**
   * Serves subscriptions at /graphql of an HTTP server of yours, by its event `upgrade`.
   *
   * @throws {TypeError} without `publicOrigins`
   */
  attachWebSockets(server: Server): void
  /**
   * Listens on an HTTP server of its own, with both of the above, and bounds on headers, requests and connections. Once.
   *
   * @throws Error with the system's code, e.g. EADDRINUSE
   */
  listen(options?: ListenOptions): Promise<Listening>
  /** Where the data is, for people and without a password. */
  readonly database: string
  /**
   * After `shutdownDelaySeconds` ends subscriptions, lets requests that are under way on its own HTTP server finish,
   * and closes all connections, the embedded PostgreSQL last. The second call waits for the first.
   */
  close(): Promise<void>
}

export interface Listening {
  readonly port: number
  /** The origins that clients know it by. */
  readonly origins: readonly string[]
}

/** A key server that listens. */
export interface RunningKeyServer extends Listening {
  /** Where the data is, for people and without a password. */
  readonly database: string
  /** As {@link KeyServer.close}. */
  stop(): Promise<void>
}

/** Makes a key server and has it listen. @throws as {@link createKeyServer} and {@link KeyServer.listen} do */
export async function startKeyServer({
  host,
  port,
  ...options
}: KeyServerOptions & ListenOptions = {}): Promise<RunningKeyServer> {
  return listenOrClose(await createKeyServer(options), { host, port })
}

async function listenOrClose(keyServer: KeyServer, where: ListenOptions): Promise<RunningKeyServer> {
  try {
    const listening = await keyServer.listen(where)
    return { ...listening, database: keyServer.database, stop: () => keyServer.close() }
  } catch (error) {
    await keyServer.close()
    throw error
  }
}

/** How long reading the signing keys and LISTEN may take once the database has answered. */
const startMsMax = 60_000

/**
 * Makes a key server: opens its database, checks what it needs, migrates it, and starts the jobs behind the API. It answers
 * nobody before its handler is mounted, or `listen` is called.
 *
 * @throws Error that says in a sentence why the database cannot be opened or does not fit
 */
export function createKeyServer(options: KeyServerOptions = {}): Promise<KeyServer> {
  return createKeyServerIn({ publishMetrics: (metrics) => serveOwnMetrics(metrics, options) }, options)
}

/** The surroundings of a key server that other programs than a worker cannot choose. */
interface Surroundings {
  /** @returns a function that ends it */
  readonly publishMetrics: (metrics: Prometheus) => Promise<() => Promise<void>>
}

/** As {@link startKeyServer}, in a process whose metrics another one serves. */
export async function startWorkerKeyServer(
  { publishMetrics }: { readonly publishMetrics: (metrics: Prometheus) => void },
  { host, port, ...options }: KeyServerOptions & ListenOptions,
): Promise<RunningKeyServer> {
  const handOver = (metrics: Prometheus) => {
    publishMetrics(metrics)
    return Promise.resolve(() => Promise.resolve())
  }
  return listenOrClose(await createKeyServerIn({ publishMetrics: handOver }, options), { host, port })
}

async function createKeyServerIn(surroundings: Surroundings, options: KeyServerOptions): Promise<KeyServer> {
  const database = await openDatabase(options)
  try {
    return await createOn(database, surroundings, options)
  } catch (error) {
    await database.close()
    throw error
  }
}

async function createOn(
  database: OpenDatabase,
  { publishMetrics }: Surroundings,
  options: KeyServerOptions,
): Promise<KeyServer> {
  const { url: databaseUrl } = database
  const { log = createLogger('silent'), serverKeySecret = null } = options
  const listenUrl = options.databaseListenUrl ?? databaseUrl
  const { route, listenRoute } = await findDatabase({ databaseUrl, listenUrl })
  const { isDistributed } = await migrate(listenUrl, {
    route: listenRoute,
    onWait: () => {
      log.info('waiting for another server, which migrates the database')
    },
  })
  const known: KnownOrigins = { origins: options.publicOrigins ?? [] }
  const metrics = options.metricsPort === undefined ? null : await loadPrometheus()
  const traces = options.traces === undefined ? noTraces : await loadTraces(options.traces, log)
  const services = createServices({
    databaseUrl,
    listenUrl,
    route,
    listenRoute,
    isDistributed,
    writeConnectionsMax: options.databasePoolSize ?? 10,
    serverKeySecret: serverKeySecretOf({ serverKeySecret, databaseUrl }),
    alertRetentionDays: options.alertRetentionDays ?? 365,
    auditRetentionDays: options.auditRetentionDays ?? 365,
    auditAddresses: options.auditAddresses ?? false,
    allowsPrivateWebhooks: options.allowsPrivateWebhooks ?? false,
    mail: options.mail ?? null,
    allowsPrivateApplicationServers: options.allowsPrivateApplicationServers ?? false,
    registration: options.registration ?? 'OPEN',
    quotas: { ...defaultQuotas, ...options.quotas },
    rateLimits: rateLimitsOf(options.rateLimits),
    isDevelopment: options.isDevelopment ?? false,
    origins: () => known.origins,
    meters: metrics?.meters ?? noMeters,
    traces,
    log,
  })
  try {
    await within(startMsMax, services.start())
    const directory = builtConsole()
    const consoleEndpoint = await createConsoleEndpoint({ mode: options.console ?? 'off', directory })
    const keyServer = { ...options, log, known, database, consoleEndpoint }
    if (metrics === null) return keyServerOf(services, keyServer)
    metrics.observe(services.gauges)
    return keyServerOf(services, { ...keyServer, closeMetrics: await publishMetrics(metrics) })
  } catch (error) {
    await services.stop()
    throw error
  }
}

function serveOwnMetrics(
  { contentType, read }: Prometheus,
  { metricsHost: host, metricsPort: port = 0 }: KeyServerOptions,
): Promise<() => Promise<void>> {
  return serveMetrics({ host, port, contentType, read })
}

/** Loaded by servers that are asked for metrics alone. */
async function loadPrometheus(): Promise<Prometheus> {
  const { createPrometheus } = await import('./observation/prometheus.ts')
  return createPrometheus()
}

/** Loaded by servers that send traces alone. */
async function loadTraces(settings: TraceSettings, log: Logger): Promise<Traces> {
  const { createOpenTelemetry } = await import('./observation/open-telemetry.ts')
  return createOpenTelemetry(settings, { log })
}

/** The server's own origins. By default its port is in them, which is not known before it listens. */
interface KnownOrigins {
  origins: readonly string[]
}

interface KeyServerParts extends KeyServerOptions {
  readonly log: Logger
  readonly known: KnownOrigins
  readonly database: OpenDatabase
  readonly consoleEndpoint: Route | null
  readonly closeMetrics?: () => Promise<void>
}

function keyServerOf(services: Services, parts: KeyServerParts): KeyServer {
  const { known, database } = parts
  let originPolicy = originPolicyOf(parts)
  let closing: Promise<void> | undefined
  let http: Server | undefined
  const closeSockets: (() => Promise<void>)[] = []
  const front = createFront(services, { ...parts, originPolicy: () => originPolicy })
  const handler = createRequestListener(services, {
    front,
    consoleEndpoint: parts.consoleEndpoint,
    isStopping: () => closing !== undefined,
  })
  const attach = (server: Server) => {
    const { revocations, observer } = services
    closeSockets.push(attachWebSocketServer(server, { ...front, revocations, observer }))
  }
  const assertOrigins = () => {
    if (known.origins.length > 0) return
    throw new TypeError('Set publicOrigins: on an HTTP server of your own nothing else tells them.')
  }
  const close = async () => {
    await delay((parts.shutdownDelaySeconds ?? 0) * 1_000)
    services.endSubscriptions()
    await Promise.all(closeSockets.map((end) => end()))
    if (http?.listening === true) await drain(http)
    await parts.closeMetrics?.()
    await services.stop()
    await database.close()
  }
  return {
    database: database.description,
    get handler() {
      assertOrigins()
      return handler
    },
    attachWebSockets(server) {
      assertOrigins()
      attach(server)
    },
    async listen(where = {}) {
      if (http !== undefined) throw new TypeError('This key server listens already.')
      http = createHttpServer(handler)
      attach(http)
      const { port, address, family } = await listen(http, where)
      // No request has been answered yet.
      if (parts.publicOrigins === undefined) known.origins = loopbackOrigins(port, family)
      originPolicy = originPolicyOf(parts, address)
      return { port, origins: known.origins }
    },
    close: () => (closing ??= close()),
  }
}

/** @param listensOn the IP address; empty before it is known, and on an HTTP server that is not this program's */
function originPolicyOf(
  { known, allowedOrigins = [], isDevelopment = false }: KeyServerParts,
  listensOn = '',
): OriginPolicy {
  return createOriginPolicy({
    ownOrigins: known.origins,
    allowedOrigins,
    allowsLoopback: isDevelopment,
    listensOn,
  })
}

/** The parts that serve both HTTP requests and WebSockets. */
type Front = ReturnType<typeof createFront>

function createFront(
  services: Services,
  {
    log,
    known,
    trustedProxies = [],
    originPolicy,
  }: KeyServerParts & { readonly originPolicy: () => OriginPolicy },
) {
  return {
    clientAddressOf: createClientAddressReader({ trustedProxies, onUntrusted: warnOfProxy(log) }),
    engine: createGraphQLEngine(services, { log }),
    authenticator: services.authenticator,
    origins: () => known.origins,
    originPolicy,
    log,
  }
}

function createRequestListener(
  services: Services,
  {
    front,
    consoleEndpoint,
    isStopping,
  }: {
    readonly front: Front
    readonly consoleEndpoint: Route | null
    readonly isStopping: () => boolean
  },
): RequestListener {
  const waitingBytes = new WaitingBytes(waitingBytesMax)
  const explorerPath = consoleEndpoint === null ? null : '/explorer'
  return createHandler({
    graphql: createGraphQLEndpoint({ ...front, waitingBytes, explorerPath }),
    jwks: createJwksEndpoint(() => services.signingKeys.published()),
    mailPages: createMailPages({ links: services.mailLinks, actions: services.mailActions }),
    console: consoleEndpoint,
    originPolicy: front.originPolicy,
    readiness: createReadiness({
      databases: services.databases,
      listenState: services.listenState,
      migrationCount: readMigrationHashes().length,
      isStopping,
    }),
    observer: services.observer,
    clientAddressOf: front.clientAddressOf,
    waitingBytes,
  })
}

/** Says once that a proxy on the operator's own network is not trusted: all its clients are counted as one. */
function warnOfProxy(log: Logger): (peer: string) => void {
  let isSaid = false
  return (peer) => {
    if (isSaid || isPublicAddress(peer)) return
    isSaid = true
    log.warn(
      { peer },
      'X-Forwarded-For or Forwarded came from an address that TRUSTED_PROXIES does not list: its clients are counted as one',
    )
  }
}

function loopbackOrigins(port: number, family: string): string[] {
  const address = family === 'IPv6' ? '[::1]' : '127.0.0.1'
  return [`http://localhost:${String(port)}`, `http://${address}:${String(port)}`]
}
