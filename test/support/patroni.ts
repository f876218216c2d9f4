import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from './connections.ts'
import { freePort } from './server.ts'
import {
  makeOwnDirectory,
  startSystemProgram,
  systemPostgres,
  systemPostgresMissing,
} from './system-postgres.ts'

/** Why the tests that need Patroni do not run here; null when they do. */
export const patroniMissing = systemPostgresMissing ?? findMissing()

function findMissing(): string | null {
  for (const program of ['patroni', 'etcd']) {
    try {
      execFileSync(program, ['--version'], { env: { PATH: '/usr/bin:/usr/local/bin' }, stdio: 'pipe' })
    } catch {
      return `${program} is not installed (Debian: apt-get install patroni etcd-server)`
    }
  }
  return null
}

export interface PatroniNode {
  readonly name: string
  readonly port: number
  superuserUrl(database: string): string
  /** Asks Patroni for its role: `primary`, `synchronous` (the standby that has all that is acknowledged), `replica`. */
  is(role: 'primary' | 'synchronous' | 'replica'): Promise<boolean>
  /** Kills Patroni, PostgreSQL and all its processes, as a machine that loses its power. */
  kill(): Promise<void>
}

/** Two nodes of PostgreSQL under Patroni with `synchronous_mode`, and an etcd that decides which one is the primary. */
export interface PatroniCluster {
  readonly nodes: readonly PatroniNode[]
  /** A URL with all hosts. */
  url(user: string, password: string, database: string): string
  stop(): Promise<void>
}

/** Patroni's smallest: a primary that is gone has lost its place after that many seconds. */
const ttlSeconds = 20

export async function startPatroniCluster(): Promise<PatroniCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'claviger-patroni-'))
  await chmod(directory, 0o711)
  const [client, peer] = [await freePort(), await freePort()]
  const endpoint = `http://127.0.0.1:${String(client)}`
  const peerEndpoint = `http://127.0.0.1:${String(peer)}`
  const etcd = await startSystemProgram('etcd', [
    ...['--data-dir', await makeOwnDirectory(join(directory, 'etcd')), '--name', 'etcd'],
    ...['--listen-client-urls', endpoint, '--advertise-client-urls', endpoint],
    ...['--listen-peer-urls', peerEndpoint, '--initial-advertise-peer-urls', peerEndpoint],
    ...['--initial-cluster', `etcd=${peerEndpoint}`, '--unsafe-no-fsync'],
  ])
  const stops: (() => Promise<void>)[] = [
    async () => {
      etcd.child.kill('SIGKILL')
      await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
    },
  ]
  const stop = async () => {
    for (const end of stops.toReversed()) await end()
  }
  try {
    const nodes: PatroniNode[] = []
    for (const name of ['one', 'two']) {
      const node = await startNode(name, { directory, etcdPort: client })
      stops.push(() => node.kill())
      nodes.push(node)
      // The first one makes the cluster; the second one copies it.
      const role = nodes.length === 1 ? 'primary' : 'synchronous'
      await eventually(() => node.is(role), { withinMs: 60_000, what: `node ${name} is ${role}` }).catch(
        (error: unknown) => {
          throw new Error(node.output(), { cause: error })
        },
      )
    }
    const hosts = nodes.map(({ port }) => `127.0.0.1:${String(port)}`).join(',')
    return {
      nodes,
      url: (user, password, database) =>
        `postgres://${user}:${password}@${hosts}/${database}?target_session_attrs=read-write`,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

const superuserPassword = 'superuser'

async function startNode(
  name: string,
  { directory, etcdPort }: { readonly directory: string; readonly etcdPort: number },
): Promise<PatroniNode & { readonly output: () => string }> {
  const home = await makeOwnDirectory(join(directory, name))
  const data = join(home, 'data')
  const [port, api] = [await freePort(), await freePort()]
  const file = join(directory, `${name}.json`)
  // JSON is YAML.
  await writeFile(file, JSON.stringify(settingsOf(name, { home, data, port, api, etcdPort })))
  await chmod(file, 0o644)
  const { child, output } = await startSystemProgram('patroni', [file])
  const exited = once(child, 'exit')
  return {
    name,
    port,
    output,
    superuserUrl: (database) =>
      `postgres://postgres:${superuserPassword}@127.0.0.1:${String(port)}/${database}`,
    is: async (role) =>
      fetch(`http://127.0.0.1:${String(api)}/${role}`, { signal: AbortSignal.timeout(2_000) }).then(
        ({ ok }) => ok,
        () => false,
      ),
    async kill() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await exited
      const postmaster = Number(
        (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')[0],
      )
      if (!(postmaster > 1)) return
      for (const pid of [postmaster, ...(await childrenOf(postmaster))]) {
        try {
          process.kill(pid, 'SIGKILL')
        } catch {
          // It has ended by itself.
        }
      }
    },
  }
}

interface NodeSettings {
  readonly home: string
  readonly data: string
  readonly port: number
  readonly api: number
  readonly etcdPort: number
}

function settingsOf(name: string, { home, data, port, api, etcdPort }: NodeSettings): object {
  const address = `127.0.0.1:${String(port)}`
  const apiAddress = `127.0.0.1:${String(api)}`
  return {
    scope: 'claviger',
    name,
    restapi: { listen: apiAddress, connect_address: apiAddress },
    etcd3: { host: `127.0.0.1:${String(etcdPort)}` },
    bootstrap: {
      dcs: { ttl: ttlSeconds, loop_wait: 1, retry_timeout: 5, synchronous_mode: true },
      initdb: [{ encoding: 'UTF8' }, { locale: 'C' }, 'data-checksums'],
      pg_hba: ['host all all 127.0.0.1/32 scram-sha-256', 'host replication all 127.0.0.1/32 scram-sha-256'],
    },
    postgresql: {
      listen: address,
      connect_address: address,
      data_dir: data,
      bin_dir: systemPostgres?.folder,
      pgpass: join(home, 'pgpass'),
      authentication: {
        superuser: { username: 'postgres', password: superuserPassword },
        replication: { username: 'replicator', password: 'replicator' },
      },
      parameters: { unix_socket_directories: home },
    },
  }
}

async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const parents = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
      return stat.slice(stat.lastIndexOf(')')).split(' ')[2]
    }),
  )
  return pids.filter((_, index) => parents[index] === String(parent)).map(Number)
}
