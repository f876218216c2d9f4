import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { accountIdOf } from '../../server/lib/account-id.ts'
import { createCitusDatabase, distributeTestDatabase, dropCitusDatabase, nodesOf } from './citus.ts'
import { administer, type Administrator } from './connections.ts'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'

/** A distributed database of its own, whose workers the coordinator and the key servers reach through proxies, so that one can be away. */
export interface ProxiedCitus {
  readonly name: string
  /** The coordinator's own. */
  readonly url: string
  readonly sql: Administrator['sql']
  /** The proxies of the workers. */
  readonly workers: readonly TcpProxy[]
  /** The proxy of the worker that an account of this name is on, opened or not. */
  workerOf(accountName: string): Promise<TcpProxy | undefined>
  close(): Promise<void>
}

/** Makes a {@link ProxiedCitus} on the run's nodes. */
export async function startProxiedCitus(): Promise<ProxiedCitus> {
  const name = `claviger_test_${randomBytes(8).toString('hex')}`
  const clusterUrl = inject('clusterUrl')
  const [, ...nodes] = await nodesOf(clusterUrl)
  const workers: TcpProxy[] = []
  const ports = new Map<number, number>()
  for (const { host, port } of nodes) {
    const proxy = await startTcpProxy(`postgres://${host}:${String(port)}/`)
    workers.push(proxy)
    ports.set(port, portOf(proxy))
  }
  await createCitusDatabase(clusterUrl, name, {
    addressOf: ({ port }) => ({ host: '127.0.0.1', port: ports.get(port) ?? port }),
  })
  const url = new URL(clusterUrl)
  url.pathname = `/${name}`
  await distributeTestDatabase(url.href)
  const administrator = administer(url.href)
  return {
    name,
    url: url.href,
    sql: administrator.sql,
    workers,
    async workerOf(accountName) {
      const [row] = await administrator.sql<{ port: number }[]>`
        SELECT nodeport AS port FROM pg_dist_placement p JOIN pg_dist_node n USING (groupid)
        WHERE shardid = get_shard_id_for_distribution_column('accounts', ${accountIdOf(accountName)}::uuid)`
      return workers.find((proxy) => portOf(proxy) === row?.port)
    },
    async close() {
      await administrator.close()
      for (const proxy of workers) await proxy.close()
      await dropCitusDatabase(clusterUrl, name)
    },
  }
}

function portOf({ url }: TcpProxy): number {
  return Number(new URL(url).port)
}
