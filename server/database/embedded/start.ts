import { chown, open, readFile, stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from './cluster.ts'
import type { LoopbackAddress } from './loopback.ts'
import { findPostmaster } from './postmaster.ts'
import { runProgram, startProgram } from './run-program.ts'

/** Crash recovery counts as part of the start, hence a minute. After that it is waited for like any other. */
const startMsMax = 60_000

/**
 * Starts the cluster and returns when it takes connections, or is still recovering after a minute.
 *
 * @returns null, or PostgreSQL's own words when it has ended
 */
export async function startCluster(cluster: Cluster, address: LoopbackAddress): Promise<string | null> {
  const logFrom = await createLogFile(cluster)
  const settings = ['-p', String(address.port), ...serverSettings(cluster, address)]
  const hasEnded =
    process.platform === 'win32' ? await control(cluster, settings) : await launch(cluster, settings)
  return hasEnded ? readReason(cluster, logFrom) : null
}

/** Commit is durable, nobody but this machine connects, and no log line carries a row's or a statement's text. */
function serverSettings({ connectionsMax }: Cluster, { host }: LoopbackAddress): string[] {
  const settings = {
    listen_addresses: host,
    unix_socket_directories: '',
    max_connections: String(connectionsMax),
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    // Whole pages are most of the WAL after a checkpoint, and compress well.
    wal_compression: 'on',
    log_checkpoints: 'off',
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    // With the SQLSTATE. Windows would take it for names of variables.
    ...(process.platform !== 'win32' && { log_line_prefix: linePrefix }),
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

const linePrefix = '%m [%p] %e '

/**
 * PostgreSQL itself, as the leader of its own session, out of reach of the terminal's signals. `pg_ctl` would start it by a
 * shell, which takes `$` and quotes in a path for its own.
 */
async function launch(
  { binaries, clusterDirectory, dataDirectory, logFile, user }: Cluster,
  settings: string[],
) {
  const handle = await open(logFile, 'a')
  const program = startProgram(binaries.postgres, ['-D', clusterDirectory, ...settings], {
    user,
    directory: dataDirectory,
    output: handle.fd,
  })
  await handle.close()
  const deadline = Date.now() + startMsMax
  while (!program.hasEnded() && Date.now() < deadline) {
    const postmaster = await findPostmaster(clusterDirectory)
    if (postmaster?.pid === program.pid && postmaster?.isReady) return false
    await sleep(50)
  }
  return program.hasEnded()
}

/** Windows wants PostgreSQL without an administrator's rights, which `pg_ctl` drops. */
async function control({ binaries, clusterDirectory, dataDirectory, logFile }: Cluster, settings: string[]) {
  const { code } = await runProgram(
    binaries.pg_ctl,
    [
      'start',
      '-s',
      '-w',
      '-t',
      String(startMsMax / 1000),
      '-D',
      clusterDirectory,
      '-l',
      logFile,
      '-o',
      settings.join(' '),
    ],
    { directory: dataDirectory, timeoutMs: startMsMax + 10_000 },
  )
  return code !== 0
}

/** Returns how long the log is already. */
async function createLogFile({ logFile, user }: Cluster): Promise<number> {
  const handle = await open(logFile, 'a', 0o600)
  await handle.close()
  if (user !== undefined) await chown(logFile, user.uid, user.gid)
  return (await stat(logFile)).size
}

/** The cause of its end from its log, with the SQLSTATE; else its last lines. No log line holds a statement. */
async function readReason({ logFile }: Cluster, from: number): Promise<string> {
  const text = await readFile(logFile).catch(() => Buffer.alloc(0))
  const lines = text
    .subarray(from)
    .toString('utf8')
    .split('\n')
    .map((line) => line.replace(/^\S+ \S+ \S+ \[\d+\] /, '').trim())
    .filter((line) => line !== '')
  const grave = lines.filter((line) => /\b(FATAL|PANIC|HINT|DETAIL|could not)\b/.test(line))
  const told = (grave.length > 0 ? grave : lines).slice(-linesMax)
  return told.length > 0 ? told.join('\n') : 'it ended without a word'
}

const linesMax = 6
