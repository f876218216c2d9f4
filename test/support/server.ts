import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import {
  startKeyServer,
  type KeyServerOptions,
  type ListenOptions,
  type RunningKeyServer,
} from '../../server/index.ts'
import { createLoggerOn } from '../../server/lib/log.ts'
import { createTestDatabase } from './database.ts'

export interface TestServer extends RunningKeyServer {
  /** `http://127.0.0.1:PORT`, one of its origins. */
  readonly url: string
  readonly databaseUrl: string
  /** The server's log lines so far, each as JSON. */
  readonly logLines: readonly string[]
}

export interface TestServerOptions extends KeyServerOptions, ListenOptions {
  /** Origins that it answers to besides those of loopback. */
  readonly alsoKnownAs?: readonly string[]
}

/** The secret of every test server, so that several can share a database. */
export const testServerKeySecret = 'K8w1Zc0jQ2uVx5rT7yBn4mLpA9sDfGhJ6eRtYuIoP3k'

/** Starts a key server in this process on a database that exists. */
export async function startTestServer(
  databaseUrl: string,
  { alsoKnownAs = [], ...options }: TestServerOptions = {},
): Promise<TestServer> {
  const logLines: string[] = []
  const log = createLoggerOn({ write: (line) => void logLines.push(line) }, { level: 'trace' })
  const port = options.port ?? (await freePort())
  const publicOrigins = [`http://localhost:${port}`, `http://127.0.0.1:${port}`, ...alsoKnownAs]
  const server = await startKeyServer({
    databaseUrl,
    serverKeySecret: testServerKeySecret,
    // Tests do in seconds what clients do in days; those of the limits set them.
    rateLimits: 'off',
    log,
    port,
    publicOrigins,
    ...options,
  })
  return { ...server, url: `http://127.0.0.1:${server.port}`, databaseUrl, logLines }
}

/** One key server on a database of its own; `stop` ends both. */
export async function startWorld(options: TestServerOptions = {}): Promise<TestServer> {
  const [world] = await startWorlds(1, options)
  if (world === undefined) throw new TypeError('One world was asked for.')
  return world
}

/** Several key servers on one database; stopping the first one drops it, so stop it last. */
export async function startWorlds(count: number, options: TestServerOptions = {}): Promise<TestServer[]> {
  const database = await createTestDatabase()
  const servers: TestServer[] = []
  for (let started = 0; started < count; started++) {
    servers.push(await startTestServer(database.url, options))
  }
  return servers.map((server, index) => ({
    ...server,
    stop: async () => {
      await server.stop()
      if (index === 0) await database.drop()
    },
  }))
}

/** Below those that systems give to connections and to listeners without a port of their own: they would take it meanwhile. */
const ports = { first: 11_000, count: 20_000 }
let lastPort = ports.first + randomInt(ports.count)

/** A port of loopback that is free, and stays so until somebody asks for this very one. */
export async function freePort(): Promise<number> {
  const port = ports.first + ((lastPort - ports.first + 1) % ports.count)
  lastPort = port
  return (await isFree(port)) ? port : freePort()
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer()
  const { promise, resolve } = Promise.withResolvers<boolean>()
  probe.once('error', () => {
    resolve(false)
  })
  probe.listen(port, '127.0.0.1', () => {
    probe.close(() => {
      resolve(true)
    })
  })
  return promise
}
