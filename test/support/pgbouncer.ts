import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from './connections.ts'
import { freePort } from './server.ts'

/** A PgBouncer in front of the test database. */
export interface PgBouncer {
  /** The database's URL, through it. */
  readonly url: string
  /** Kills it, with all that is under way on it, and starts it again. */
  restart(): Promise<void>
  stop(): Promise<void>
}

const path = '/usr/sbin:/usr/bin:/usr/local/bin'

/** Why the tests that need PgBouncer do not run here; null when they do. */
export const pgBouncerMissing = findMissing()

function findMissing(): string | null {
  try {
    execFileSync('pgbouncer', ['--version'], { env: { PATH: path }, stdio: 'pipe' })
    return null
  } catch {
    return 'PgBouncer is not installed (Debian: apt-get install pgbouncer)'
  }
}

/**
 * As Debian's documentation has it set up for drivers that send start-up parameters: it ignores them. Servers are used in turn,
 * so that of two transactions of a client each runs on another backend as a rule.
 */
export async function startPgBouncer(
  databaseUrl: string,
  { mode }: { readonly mode: 'transaction' | 'session' | 'statement' },
): Promise<PgBouncer> {
  const database = new URL(databaseUrl)
  const url = new URL(databaseUrl)
  url.port = String(await freePort())
  const directory = await mkdtemp(join(tmpdir(), 'claviger-pgbouncer-'))
  await chmod(directory, 0o755)
  const users = join(directory, 'users.txt')
  await writeFile(users, `"${database.username}" "${decodeURIComponent(database.password)}"\n`)
  const settings = join(directory, 'pgbouncer.ini')
  await writeFile(
    settings,
    `[databases]
* = host=${database.hostname} port=${database.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${url.port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = ${mode}
default_pool_size = 20
server_round_robin = 1
ignore_startup_parameters = extra_float_digits,search_path,intervalstyle,bytea_output,statement_timeout,lock_timeout,idle_in_transaction_session_timeout,idle_session_timeout,transaction_timeout,default_transaction_isolation,default_transaction_read_only,default_transaction_deferrable,array_nulls,transform_null_equals,random_page_cost
`,
  )
  let child = await start(settings, Number(url.port))
  return {
    url: url.href,
    async restart() {
      await end(child)
      child = await start(settings, Number(url.port))
    },
    async stop() {
      await end(child)
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** It refuses to run as root. */
const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}

async function start(settings: string, port: number): Promise<ChildProcess> {
  let output = ''
  const child = spawn('pgbouncer', [settings], {
    ...nobody,
    env: { PATH: path },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output = `${output}${chunk}`.slice(-4_000)))
  await eventually(() => child.exitCode !== null || answersAt(port), {
    withinMs: 10_000,
    what: 'PgBouncer listens',
  })
  if (child.exitCode !== null) throw new Error(`PgBouncer did not start:\n${output}`)
  return child
}

function answersAt(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ host: '127.0.0.1', port })
  socket.once('connect', () => {
    resolve(true)
  })
  socket.once('error', () => {
    resolve(false)
  })
  return promise.finally(() => socket.destroy())
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}
