import { afterAll, beforeAll } from 'vitest'
import { administer, type Administrator } from './connections.ts'
import { startWorlds, type TestServer, type TestServerOptions } from './server.ts'

/** The key servers of one test file on a database of their own, and a way into it. There from the first `beforeAll` on. */
export interface World {
  /** The first server's, as are the next two. */
  readonly url: string
  readonly origins: readonly string[]
  readonly databaseUrl: string
  readonly server: TestServer
  readonly servers: readonly TestServer[]
  readonly administrator: Administrator
  /** The administrator's: for what a test cannot wait for, and for what no client may see. */
  readonly sql: Administrator['sql']
}

/** Starts `count` key servers, one unless told, before the file's tests and ends them after those. */
export function useWorld({ count = 1, ...options }: TestServerOptions & { count?: number } = {}): World {
  let started: { servers: readonly TestServer[]; administrator: Administrator } | undefined
  const running = () => {
    if (started === undefined) throw new TypeError('The world starts before the first test.')
    return started
  }
  const first = () => {
    const [server] = running().servers
    if (server === undefined) throw new TypeError('One server at least is asked for.')
    return server
  }
  beforeAll(async () => {
    const servers = await startWorlds(count, options)
    started = { servers, administrator: administer(servers[0]?.databaseUrl ?? '') }
  })
  afterAll(async () => {
    await started?.administrator.close()
    for (const server of started?.servers.toReversed() ?? []) await server.stop()
  })
  return {
    get url() {
      return first().url
    },
    get origins() {
      return first().origins
    },
    get databaseUrl() {
      return first().databaseUrl
    },
    get server() {
      return first()
    },
    get servers() {
      return running().servers
    },
    get administrator() {
      return running().administrator
    },
    get sql() {
      return running().administrator.sql
    },
  }
}
