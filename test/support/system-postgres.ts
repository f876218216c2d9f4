import { spawn, execFile, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { chown, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { eventually } from './connections.ts'
import { freePort } from './server.ts'

/** The programs of Debian's newest PostgreSQL, which has what the npm package lacks; null when there is none. */
export const systemPostgres = findPrograms()

/** Why the tests that need them do not run here; null when they do. */
export const systemPostgresMissing =
  systemPostgres === null ? 'PostgreSQL is not installed (Debian: apt-get install postgresql-15)' : null

function findPrograms(): { readonly folder: string; readonly majorVersion: number } | null {
  const base = '/usr/lib/postgresql'
  const majors = existsSync(base) ? readdirSync(base).map(Number) : []
  const newest = Math.max(...majors.filter((major) => existsSync(`${base}/${String(major)}/bin/initdb`)))
  return Number.isFinite(newest) ? { folder: `${base}/${String(newest)}/bin`, majorVersion: newest } : null
}

/** None of these programs runs as root: there they run as Debian's user of PostgreSQL. */
async function operatingUser(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {}
  const idOf = async (flag: string) => Number((await promisify(execFile)('id', [flag, 'postgres'])).stdout)
  return { uid: await idOf('-u'), gid: await idOf('-g') }
}

const environment = { PATH: `${systemPostgres?.folder ?? ''}:/usr/sbin:/usr/bin:/bin`, LC_ALL: 'C' }

/** Makes a directory that these programs may write, and others may not. */
export async function makeOwnDirectory(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  const { uid, gid } = await operatingUser()
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid)
  return path
}

/** Runs one of them to its end. @throws Error with what it wrote, when it fails */
export async function runSystemProgram(
  program: string,
  args: readonly string[],
  { env = {}, cwd = '/' }: { readonly env?: Record<string, string>; readonly cwd?: string } = {},
): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, {
    ...(await operatingUser()),
    cwd,
    env: { ...environment, ...env },
    timeout: 60_000,
  })
  return stdout
}

/** Starts one of them. Its output is at hand when a test fails. */
export async function startSystemProgram(
  program: string,
  args: readonly string[],
): Promise<{ readonly child: ChildProcess; readonly output: () => string }> {
  const child = spawn(program, args, {
    ...(await operatingUser()),
    cwd: '/',
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (output = `${output}${chunk}`.slice(-20_000)))
  }
  return { child, output: () => output }
}

/** A cluster of Debian's PostgreSQL, with a database `claviger` of a role of that name. */
export interface SystemCluster {
  readonly data: string
  url(user: 'postgres' | 'claviger', database?: string): string
  /** Kills it with all that is under way on it. */
  kill(): Promise<void>
}

/** Makes a cluster in `directory` and starts it, with settings of postgresql.conf. */
export async function createSystemCluster(
  directory: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<SystemCluster> {
  await makeOwnDirectory(directory)
  const data = join(directory, 'data')
  const passwordFile = join(directory, 'password')
  await writeFile(passwordFile, password, { mode: 0o644 })
  await runSystemProgram('initdb', [
    ...['--pgdata', data, '--username', 'postgres', '--pwfile', passwordFile],
    ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C', '--no-sync'],
  ])
  const cluster = await startSystemCluster(data, settings)
  const run = (statement: string) =>
    runSystemProgram('psql', ['--no-psqlrc', '--command', statement, cluster.url('postgres')])
  await run(`CREATE ROLE claviger LOGIN PASSWORD '${password}'`)
  await run('CREATE DATABASE claviger OWNER claviger')
  return cluster
}

const password = 'password'

/** Starts a cluster that is there, for instance a copy of another one. */
export async function startSystemCluster(
  data: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<SystemCluster> {
  const port = String(await freePort())
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', port, ...settings }
  const { child, output } = await startSystemProgram('postgres', [
    ...['-D', data],
    ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ])
  const exited = once(child, 'exit')
  const isReady = () =>
    runSystemProgram('pg_isready', ['--host', '127.0.0.1', '--port', port]).then(
      () => true,
      () => child.exitCode !== null,
    )
  await eventually(isReady, { withinMs: 60_000, what: 'PostgreSQL is ready' })
  if (child.exitCode !== null) throw new Error(output())
  return {
    data,
    url: (user, database = user) => `postgres://${user}:${password}@127.0.0.1:${port}/${database}`,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await exited
    },
  }
}
