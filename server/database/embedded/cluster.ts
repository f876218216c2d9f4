import { randomBytes } from 'node:crypto'
import { chown, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Binaries } from './binaries.ts'
import { findPostmaster, isGone } from './postmaster.ts'
import { type ProgramOutcome, runProgram, type OperatingUser } from './run-program.ts'

/** Where a cluster lives and with which programs and rights it is run. */
export interface Cluster {
  dataDirectory: string
  /** PostgreSQL's own directory (PGDATA), inside the data directory. */
  clusterDirectory: string
  logFile: string
  passwordFile: string
  binaries: Binaries
  user: OperatingUser | undefined
}

/**
 * Creates the cluster if there is none: beside its place first and then renamed, so that a crash leaves nothing half
 * done. Of two that do so at once, one wins and both use its cluster.
 */
export async function initialiseCluster(cluster: Cluster): Promise<void> {
  const { dataDirectory, clusterDirectory, binaries, user } = cluster
  if (await hasCluster(cluster)) return
  await removeAbandonedDrafts(dataDirectory)
  const draft = join(dataDirectory, `${draftPrefix}${randomBytes(6).toString('hex')}`)
  await mkdir(draft, { mode: 0o700 })
  try {
    if (user !== undefined) await chown(draft, user.uid, user.gid)
    const initdb = await runProgram(binaries.initdb, initdbArguments(draft, cluster.passwordFile), {
      user,
      directory: dataDirectory,
      timeoutMs: 120_000,
    })
    if (initdb.code !== 0) throw new Error(`PostgreSQL could not create its cluster: ${initdb.output}`)
    await rename(draft, clusterDirectory).catch(async (error: unknown) => {
      if (!(await hasCluster(cluster))) throw error
    })
    await syncDirectory(dataDirectory)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

/** Starts the cluster on a free port of the loopback interface and returns when it takes connections. */
export async function startCluster(cluster: Cluster): Promise<ProgramOutcome> {
  await createLogFile(cluster)
  const settings = Object.entries(serverSettings).map(([name, value]) => `-c ${name}=${value}`)
  const serverOptions = ['-p', String(await freePort()), ...settings].join(' ')
  // Crash recovery counts as part of the start, hence a minute.
  return control(cluster, {
    args: ['start', '-w', '-t', '60', '-l', cluster.logFile, '-o', serverOptions],
    timeoutMs: 70_000,
  })
}

/**
 * Stops the cluster: ends its connections and writes a checkpoint; if that does not end, gives up what is open (nothing
 * committed is lost, the next start recovers); if even that does not end, kills it. Does nothing when it is not running.
 *
 * @throws Error in words, when it is still there after all this
 */
export async function stopCluster(cluster: Cluster): Promise<void> {
  const { clusterDirectory } = cluster
  const postmaster = await findPostmaster(clusterDirectory)
  if (postmaster === undefined || postmaster.identity === 'another') return
  for (const [mode, seconds] of [
    ['fast', 30],
    ['immediate', 10],
  ] as const) {
    const { code } = await control(cluster, {
      args: ['stop', '-w', '-m', mode, '-t', String(seconds)],
      timeoutMs: (seconds + 10) * 1000,
    })
    // pg_ctl waits for the pid file to go, which is a moment before the process goes.
    if (await isGone(clusterDirectory, { pid: postmaster.pid, withinMs: code === 0 ? 5_000 : 0 })) return
  }
  if (postmaster.identity === 'ours') process.kill(postmaster.pid, 'SIGKILL')
  if (await isGone(clusterDirectory, { pid: postmaster.pid, withinMs: 5_000 })) return
  throw new Error(`The PostgreSQL of ${clusterDirectory} does not stop. See ${cluster.logFile}.`)
}

/** Commit is durable, nobody but this machine connects, and no log line carries a row's or a statement's text. */
const serverSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  log_checkpoints: 'off',
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
} as const

const draftPrefix = 'postgres.draft-'

function initdbArguments(directory: string, passwordFile: string): string[] {
  return [
    `--pgdata=${directory}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    // PostgreSQL's own order of characters: the operating system's changes with its updates and breaks indexes.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--data-checksums',
    '--no-instructions',
  ]
}

/** @throws Error in words, when the cluster is of another major version of PostgreSQL */
async function hasCluster({ clusterDirectory, binaries }: Cluster): Promise<boolean> {
  const version = await readFile(join(clusterDirectory, 'PG_VERSION'), 'utf8').catch(() => undefined)
  if (version === undefined) return false
  if (version.trim() === String(binaries.majorVersion)) return true
  throw new Error(
    `The database in ${clusterDirectory} was written by PostgreSQL ${version.trim()}, and the installed one is ` +
      `${binaries.majorVersion}. Dump it with the former and load it into a new DATA_DIR.`,
  )
}

/** A draft that is in use is seconds old. */
async function removeAbandonedDrafts(dataDirectory: string): Promise<void> {
  for (const name of await readdir(dataDirectory)) {
    if (!name.startsWith(draftPrefix)) continue
    const path = join(dataDirectory, name)
    const changed = await stat(path).catch(() => undefined)
    if (changed !== undefined && Date.now() - changed.mtimeMs > 10 * 60_000) {
      await rm(path, { recursive: true, force: true })
    }
  }
}

/** Makes the rename last through a power cut; Windows neither needs nor allows it. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(path)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function createLogFile({ logFile, user }: Cluster): Promise<void> {
  const handle = await open(logFile, 'a', 0o600)
  await handle.close()
  if (user !== undefined) await chown(logFile, user.uid, user.gid)
}

/** Another process may take the port before PostgreSQL does; the caller then starts again. */
async function freePort(): Promise<number> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

/** `pg_ctl` makes PostgreSQL the leader of its own session, out of reach of the terminal's signals. */
async function control(
  { binaries, clusterDirectory, dataDirectory, user }: Cluster,
  { args, timeoutMs }: { args: readonly string[]; timeoutMs: number },
): Promise<ProgramOutcome> {
  const [command = '', ...rest] = args
  return runProgram(binaries.pg_ctl, [command, '-s', '-D', clusterDirectory, ...rest], {
    user,
    directory: dataDirectory,
    timeoutMs,
  })
}
