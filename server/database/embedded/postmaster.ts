import { readFile, readlink, realpath, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runProgram } from './run-program.ts'

/** The PostgreSQL main process that `postmaster.pid` of a cluster speaks of. */
export interface Postmaster {
  pid: number
  /** `undefined` while it is so early in its start that it has not written one. */
  port: number | undefined
  /**
   * Whether the process with this pid is this cluster's PostgreSQL: after a crash or in a new container, another process
   * may have the pid. `unknown` where the platform does not tell.
   */
  identity: 'ours' | 'another' | 'unknown'
}

/** Reads `postmaster.pid` (pid, directory, start time, port, one a line). `undefined` when no such process lives. */
export async function findPostmaster(clusterDirectory: string): Promise<Postmaster | undefined> {
  const text = await readPidFile(clusterDirectory)
  const lines = text?.split('\n') ?? []
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return undefined
  const port = Number(lines[3])
  return {
    pid,
    port: Number.isInteger(port) && port > 0 ? port : undefined,
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
