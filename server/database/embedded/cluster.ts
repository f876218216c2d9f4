import { randomBytes } from 'node:crypto'
import { chown, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { syncDirectory } from '../../lib/sync-directory.ts'
import { withShellSafe, type Binaries } from './binaries.ts'
import { explainOtherMajor } from './other-major.ts'
import { findPostmaster, isGone } from './postmaster.ts'
import { type ProgramOutcome, runProgram, type OperatingUser } from './run-program.ts'

/** Where a cluster is, and with which programs and as which user it is run. */
export interface Cluster {
  dataDirectory: string
  /** PostgreSQL's own directory (PGDATA), inside the data directory. */
  clusterDirectory: string
  logFile: string
  passwordFile: string
  binaries: Binaries
  user: OperatingUser | undefined
  /** PostgreSQL's `max_connections`. */
  connectionsMax: number
}

/**
 * Creates the cluster if there is none: beside its place first and then renamed, so that a crash leaves nothing half
 * done. When two do so at once, one wins and both use its cluster.
 */
export async function initialiseCluster(cluster: Cluster, log: (message: string) => void): Promise<void> {
  const { dataDirectory, clusterDirectory, binaries, user } = cluster
  if (await hasCluster(cluster)) return
  assertKnownUser()
  log(`Creating a database in ${dataDirectory}`)
  await removeAbandonedDrafts(dataDirectory)
  const draft = join(dataDirectory, `${draftPrefix}${randomBytes(6).toString('hex')}`)
  await mkdir(draft, { mode: 0o700 })
  try {
    if (user !== undefined) {
      await chown(draft, user.uid, user.gid)
      // Root may have put it there from a backup.
      await chown(cluster.passwordFile, user.uid, user.gid)
    }
    const initdb = await withShellSafe(binaries, ({ initdb: program }) =>
      runProgram(program, initdbArguments(draft, cluster.passwordFile), {
        user,
        directory: dataDirectory,
        timeoutMs: initdbMsMax,
      }),
    )
    if (initdb.code !== 0) {
      throw new Error(`PostgreSQL could not create its database in ${dataDirectory}: ${initdb.output}`)
    }
    await rename(draft, clusterDirectory).catch(async (error: unknown) => {
      if (!(await hasCluster(cluster))) throw error
    })
    await syncDirectory(dataDirectory)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
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

const initdbMsMax = 120_000

/** `initdb` needs the name of its user from the system. As root it runs as a user that was looked up. */
function assertKnownUser(): void {
  try {
    userInfo()
  } catch {
    throw new Error(
      `The user with id ${String(process.getuid?.())} has no entry in /etc/passwd, without which PostgreSQL creates no ` +
        'database. Run the key server as a user that has one, or set DATABASE_URL to use a database of your own.',
    )
  }
}

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
    // The WAL grows by whole segments: by 16 MB, the default, for a few small requests. Below 2 MB commits get slower.
    '--wal-segsize=2',
    '--no-instructions',
  ]
}

/** @throws Error in words, when the cluster is of another major version of PostgreSQL, or only a part of one */
export async function hasCluster(cluster: Cluster): Promise<boolean> {
  const { clusterDirectory, binaries } = cluster
  const names = await readdir(clusterDirectory).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  })
  // An empty directory is as good as none.
  if (names.length === 0) return false
  const version = (await readFile(join(clusterDirectory, 'PG_VERSION'), 'utf8').catch(() => '')).trim()
  if (version === String(binaries.majorVersion)) return true
  if (/^\d+$/.test(version)) {
    throw new Error(await explainOtherMajor(cluster, Number(version)))
  }
  throw new Error(
    `${clusterDirectory} holds only a part of a database: it has no PG_VERSION. Put back a whole copy of that ` +
      'directory, or, if nothing was ever stored in it, move it away.',
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
