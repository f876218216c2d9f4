import { readdir, readFile, readlink, realpath, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runProgram } from './run-program.ts'

/** The PostgreSQL main process that `postmaster.pid` of a cluster speaks of. */
export interface Postmaster {
  pid: number
  /** `undefined` while it is so early in its start that it has not written one. */
  port: number | undefined
  /** The address that it listens on; undefined like the port. */
  host: string | undefined
  /** Whether it takes connections, as it says itself. */
  isReady: boolean
  /**
   * Whether the process with this pid is this cluster's PostgreSQL: after a crash or in a new container, another process
   * may have the pid. `unknown` where the platform does not tell.
   */
  identity: 'ours' | 'another' | 'unknown'
}

/**
 * Reads `postmaster.pid` (pid, directory, start time, port, socket directory, address, shared memory, state, one a
 * line). `undefined` when no such process lives.
 */
export async function findPostmaster(clusterDirectory: string): Promise<Postmaster | undefined> {
  const text = await readPidFile(clusterDirectory)
  const lines = text?.split('\n') ?? []
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return undefined
  const port = Number(lines[3])
  return {
    pid,
    port: Number.isInteger(port) && port > 0 ? port : undefined,
    // The first of the addresses; PostgreSQL writes `*` for all. Its line comes later than that of the port.
    host: /\S+/.exec(lines[5] ?? '')?.[0],
    isReady: /^(ready|standby)/.test(lines[7] ?? ''),
    identity: await identify(pid, clusterDirectory),
  }
}

/** Whether the cluster's process with this pid ends within the time given; zero asks for the state as it is. */
export async function isGone(
  clusterDirectory: string,
  { pid, withinMs }: { pid: number; withinMs: number },
): Promise<boolean> {
  const deadline = Date.now() + withinMs
  while (isAlive(pid) && (await identify(pid, clusterDirectory)) !== 'another') {
    if (Date.now() >= deadline) return false
    await sleep(20)
  }
  return true
}

/**
 * Removes a `postmaster.pid` whose process is known to be another program's. PostgreSQL itself refuses to start while
 * that pid lives, and in containers, where pids are small and few, it does.
 */
export async function removeStalePidFile(clusterDirectory: string, stale: Postmaster): Promise<void> {
  const file = join(clusterDirectory, 'postmaster.pid')
  const aside = `${file}.stale`
  await rename(file, aside)
  // Should a PostgreSQL have started since we looked, the file is its own: give it back.
  const isStillStale = (await readFile(aside, 'utf8')).startsWith(`${stale.pid}\n`)
  await (isStillStale ? rm(aside) : rename(aside, file))
}

/** A `postmaster.pid` without a process id is a moment old while PostgreSQL starts, and older after a power cut only. */
const brokenMsMin = 5_000

/**
 * Removes a `postmaster.pid` that names no process, as a power cut leaves it: PostgreSQL itself does not start beside one.
 *
 * @throws Error in words when a PostgreSQL runs in the directory all the same
 */
export async function removeBrokenPidFile(clusterDirectory: string): Promise<void> {
  const text = await readPidFile(clusterDirectory)
  if (text === undefined || /^-?[1-9]\d*\s/.test(text)) return
  const file = join(clusterDirectory, 'postmaster.pid')
  const { mtimeMs } = await stat(file)
  const waitMs = mtimeMs + brokenMsMin - Date.now()
  if (waitMs > 0) {
    await sleep(Math.min(waitMs, brokenMsMin))
    if ((await readPidFile(clusterDirectory)) !== text) return
  }
  const pid = await findProcessIn(clusterDirectory)
  if (pid !== undefined) {
    throw new Error(
      `${file} is damaged, and the process with id ${pid} uses that directory. End it with "kill -INT ${pid}" first.`,
    )
  }
  await rm(file, { force: true })
}

/** A process that works in the directory, as each of PostgreSQL does; undefined also where the system does not tell. */
async function findProcessIn(clusterDirectory: string): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    if ((await identify(Number(name), clusterDirectory)) === 'ours') return Number(name)
  }
  return undefined
}

async function readPidFile(clusterDirectory: string): Promise<string | undefined> {
  return readFile(join(clusterDirectory, 'postmaster.pid'), 'utf8').catch(() => undefined)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** A postmaster's working directory is its cluster's, and its command line names it. */
async function identify(pid: number, clusterDirectory: string): Promise<Postmaster['identity']> {
  if (process.platform === 'win32') return 'unknown'
  if (process.platform === 'linux') {
    // Not readable means another user's process, and the cluster's runs as the cluster's owner.
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined)
    return cwd === (await realpath(clusterDirectory)) ? 'ours' : 'another'
  }
  const { code, output } = await runProgram('ps', ['-ww', '-p', String(pid), '-o', 'command='], {
    timeoutMs: 10_000,
  })
  if (code !== 0) return 'unknown'
  return output.includes('postgres') && output.includes(clusterDirectory) ? 'ours' : 'another'
}
