import { z } from 'zod'
import type { Logger } from '../../lib/log.ts'
import { runPeriodically } from '../../lib/jobs.ts'
import { atHost, type DatabaseHost } from '../address.ts'
import { connectDatabases } from '../connect.ts'
import { findUnmet } from '../requirements.ts'
import type { DatabaseRoute } from '../route.ts'
import { isTrouble } from '../trouble.ts'
import { findAtNodes } from './find-at-nodes.ts'
import { gatherOnNodes, gatherOnOne, type Gathering, type MachinePools } from './gathering.ts'
import { within } from '../within.ts'
import { ShardDirectory } from './shard-directory.ts'

/** The part of the database on one machine: all of it, unless it is distributed. */
export interface DatabaseNode extends MachinePools {
  /** For people. */
  readonly name: string
  /** A direct connection for LISTEN; null where the server listens already. */
  readonly listenUrl: string | null
}

/** Begins what is to be done on a node. @returns a function that ends it */
export type ServeNode = (node: DatabaseNode) => () => Promise<void>

/** The nodes of a database, each of which is served from when it is known until it is gone. */
export interface DatabaseNodes extends Gathering {
  /** @throws Error of the database, when the nodes cannot be read */
  start(serve: ServeNode): Promise<void>
  /**
   * Looks for a management key where its account is, while the directory of all of them is out of reach.
   *
   * @returns a row as that directory has it; null when no node that answers has the key
   */
  findManagementKey(keyId: string): Promise<object | null>
  /** Those that are served now. */
  readonly current: readonly DatabaseNode[]
  stop(): Promise<void>
}

/** One PostgreSQL. */
export function singleNode({ reads, writes, jobs }: MachinePools): DatabaseNodes {
  const node: DatabaseNode = { name: 'the database', reads, writes, jobs, listenUrl: null }
  let end = () => Promise.resolve()
  return {
    current: [node],
    // The directory is where the accounts are.
    findManagementKey: () => Promise.resolve(null),
    ...gatherOnOne(node),
    start(serve) {
      end = serve(node)
      return Promise.resolve()
    },
    stop: () => end(),
  }
}

export interface CitusNodesOptions {
  /** Connections to the coordinator. */
  readonly databases: MachinePools
  /**
   * A direct connection to the coordinator. The workers are reached with the same login, at the addresses that it knows
   * them by.
   */
  readonly url: string
  readonly route: DatabaseRoute
  readonly log: Logger
}

/** How soon an added node is served. */
const refreshMs = 5_000
const findUnmetMs = 5_000

const nodeRows = z.array(z.object({ host: z.string(), port: z.int(), is_coordinator: z.boolean() }))

interface Served {
  readonly node: DatabaseNode
  end(): Promise<void>
}

/** The nodes of Citus that hold shards. Each is served by itself: one that is away hinders no other. */
export class CitusNodes implements DatabaseNodes {
  readonly #options: CitusNodesOptions
  readonly #served = new Map<string, Served>()
  readonly #directory: ShardDirectory
  readonly gather: Gathering['gather']
  readonly batch: Gathering['batch']
  #stopRefreshing: () => Promise<void> = () => Promise.resolve()

  constructor(options: CitusNodesOptions) {
    this.#options = options
    this.#directory = new ShardDirectory(options.databases)
    const { gather, batch } = gatherOnNodes({
      coordinator: options.databases,
      nodeOf: (accountId) => this.#served.get(this.#directory.nodeOf(accountId) ?? '')?.node ?? null,
    })
    this.gather = gather
    this.batch = batch
  }

  get current(): readonly DatabaseNode[] {
    return [...this.#served.values()].map(({ node }) => node)
  }

  findManagementKey(keyId: string): Promise<object | null> {
    return findAtNodes(this.current, keyId)
  }

  async start(serve: ServeNode): Promise<void> {
    await this.#refresh(serve)
    const { log } = this.#options
    this.#stopRefreshing = runPeriodically(() => this.#refresh(serve), {
      name: 'reading of the nodes',
      everyMs: refreshMs,
      log,
      isFromOutside: isTrouble,
    })
  }

  async stop(): Promise<void> {
    await this.#stopRefreshing()
    await Promise.all([...this.#served.keys()].map((name) => this.#drop(name)))
  }

  async #refresh(serve: ServeNode): Promise<false> {
    const rows = await this.#options.databases.reads.sql`
      SELECT nodename AS host, nodeport AS port, groupid = 0 AS is_coordinator FROM pg_dist_node
      WHERE noderole = 'primary' AND isactive AND shouldhaveshards`
    await this.#directory.read()
    const problems: string[] = []
    const found = new Map(nodeRows.parse(rows).map((row) => [`${row.host}:${String(row.port)}`, row]))
    for (const [name, row] of found) {
      if (this.#served.has(name)) continue
      const unmet = await this.#findUnmet(row)
      if (unmet.length === 0) this.#served.set(name, this.#serve(name, row, serve))
      else problems.push(`${name}: ${unmet.join(' ')}`)
    }
    for (const name of this.#served.keys()) if (!found.has(name)) await this.#drop(name)
    if (problems.length > 0) throw new Error(problems.join('\n'))
    return false
  }

  /** A node that may lose what it acknowledged is not served. One that is away is, and does not hold up the others. */
  #findUnmet(node: DatabaseHost): Promise<string[]> {
    return within(findUnmetMs, findUnmet(atHost(this.#options.url, node))).catch(() => [])
  }

  #serve(
    name: string,
    { is_coordinator: isCoordinator, ...host }: DatabaseHost & { readonly is_coordinator: boolean },
    serve: ServeNode,
  ): Served {
    const { databases, url: coordinatorUrl, route } = this.#options
    if (isCoordinator) {
      const { reads, writes, jobs } = databases
      const node: DatabaseNode = { name, reads, writes, jobs, listenUrl: null }
      return { node, end: serve(node) }
    }
    const url = atHost(coordinatorUrl, host)
    const own = connectDatabases({ url, writeConnectionsMax: databases.writes.connectionsMax, route })
    const { reads, writes, jobs } = own
    const node: DatabaseNode = { name, reads, writes, jobs, listenUrl: url }
    const end = serve(node)
    return {
      node,
      end: async () => {
        await end()
        await own.close()
      },
    }
  }

  async #drop(name: string): Promise<void> {
    const served = this.#served.get(name)
    this.#served.delete(name)
    await served?.end()
  }
}
