import postgres from 'postgres'
import { distributeDatabase } from '../../server/database/distribution/distribute-database.ts'
import { migrate } from '../../server/database/migrate.ts'

/**
 * Whether the run's databases are distributed: TEST_CITUS=1 (or crash: then its nodes crash, and nothing else runs),
 * and TEST_DATABASE_URL is that of a database on a coordinator which knows its workers. The role is a superuser, and
 * logs in everywhere without a password.
 */
export const isOnCitus = process.env['TEST_CITUS'] !== undefined

/** Where one of the nodes listens. */
export interface Node {
  readonly host: string
  readonly port: number
}

/** The nodes of the database that the run was given, the coordinator first. */
export async function nodesOf(url: string): Promise<Node[]> {
  const { hostname, port } = new URL(url)
  const workers = await run(url, async (sql) => {
    const rows = await sql<Node[]>`
      SELECT nodename AS host, nodeport AS port FROM pg_dist_node
      WHERE noderole = 'primary' AND groupid <> 0 ORDER BY nodeid`
    return [...rows]
  })
  return [{ host: hostname, port: Number(port) }, ...workers]
}

function at(url: string, { host, port }: Node, database: string): string {
  const address = new URL(url)
  address.hostname = host
  address.port = String(port)
  address.pathname = `/${database}`
  return address.href
}

async function run<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, {
    max: 1,
    connect_timeout: 10,
    onnotice: () => undefined,
    connection: { 'citus.enable_ddl_propagation': 'off' },
  })
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** A database on a node, unless told the one that every PostgreSQL has. */
export function urlOfNode(url: string, node: Node, database = 'postgres'): string {
  return at(url, node, database)
}

/**
 * Makes a database on every node, with Citus and knowing the workers. Nothing is distributed in it.
 *
 * @param options.addressOf the address that all are to know a worker by, its own unless told
 * @param options.workersMax how many of the workers the coordinator is to know, all unless told
 */
export async function createCitusDatabase(
  clusterUrl: string,
  name: string,
  { addressOf = (node: Node) => node, workersMax = Infinity } = {},
): Promise<void> {
  const [coordinator, ...workers] = await nodesOf(clusterUrl)
  if (coordinator === undefined) throw new TypeError('The coordinator is a node.')
  await Promise.all(
    [coordinator, ...workers].map(async (node) => {
      await run(urlOfNode(clusterUrl, node), (sql) => sql.unsafe(`create database ${name}`))
      await run(at(clusterUrl, node, name), (sql) => sql.unsafe('create extension citus'))
    }),
  )
  await run(at(clusterUrl, coordinator, name), async (sql) => {
    await sql`SELECT citus_set_coordinator_host(${coordinator.host}, ${coordinator.port})`
    for (const { host, port } of workers.slice(0, workersMax).map(addressOf)) {
      await sql`SELECT citus_add_node(${host}, ${port})`
    }
  })
}

/** Migrates it, and distributes its tables. */
export async function distributeTestDatabase(url: string): Promise<void> {
  await migrate(url)
  await distributeDatabase(url)
}

/** Drops a database on every node. */
export async function dropCitusDatabase(clusterUrl: string, name: string): Promise<void> {
  await Promise.all(
    (await nodesOf(clusterUrl)).map((node) =>
      run(urlOfNode(clusterUrl, node), (sql) => sql.unsafe(`drop database if exists ${name} with (force)`)),
    ),
  )
}

/**
 * Copies a distributed database on every node. The engine's own connections to it are ended, since PostgreSQL copies
 * none that is in use.
 */
export async function copyCitusDatabase(clusterUrl: string, template: string, name: string): Promise<void> {
  await Promise.all(
    (await nodesOf(clusterUrl)).map((node) =>
      run(urlOfNode(clusterUrl, node), async (sql) => {
        for (let attempt = 1; ; attempt++) {
          await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${template}`
          try {
            await sql.unsafe(`create database ${name} template ${template} strategy wal_log`)
            return
          } catch (error) {
            if (attempt === 20) throw error
          }
        }
      }),
    ),
  )
}
