import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readdir, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startEmbeddedPostgres } from '../../server/database/embedded/index.ts'

/** Where the cluster of the run is, in the run's directory. */
export const clusterName = 'cluster'

/**
 * Before the first test file: the directory that is `tmpdir()` for the run and its processes, in memory where there is
 * room: a commit of PostgreSQL waits for the disk for milliseconds, and the tests wait for commits.
 */
export async function setup(): Promise<() => Promise<void>> {
  const bases = [memory, tmpdir()]
  for (const base of bases) await removeAbandoned(base)
  const directory = (await createIn(memory, { roomBytes: 3 * 2 ** 30 })) ?? (await createIn(tmpdir()))
  if (directory === undefined) throw new Error(`Programs cannot run in ${tmpdir()}.`)
  process.env[variable] = directory
  return () => remove(directory)
}

/** Which `tmpdir()` reads first. */
const variable = process.platform === 'win32' ? 'TEMP' : 'TMPDIR'

/** Linux has it; containers often with 64 MB only, or without the right to run a program from it. */
const memory = '/dev/shm'
const directoryPrefix = 'claviger-test-'

async function createIn(base: string, { roomBytes = 0 } = {}): Promise<string | undefined> {
  try {
    const { bavail, bsize } = await statfs(base)
    if (bavail * bsize < roomBytes) return undefined
    const directory = await mkdtemp(join(base, `${directoryPrefix}${process.pid}-`))
    // As /tmp: PostgreSQL runs as another user where the tests are root's.
    await chmod(directory, 0o1777)
    if (await runsPrograms(directory)) return directory
    await remove(directory)
  } catch {
    // No such directory, or not for us to write in.
  }
  return undefined
}

async function runsPrograms(directory: string): Promise<boolean> {
  if (process.platform === 'win32') return true
  const program = join(directory, 'program')
  await writeFile(program, '#!/bin/sh\n', { mode: 0o700 })
  return promisify(execFile)(program, { timeout: 10_000 }).then(
    () => true,
    () => false,
  )
}

/** The embedded PostgreSQL outlives a killed key server by design, and so a killed test run. */
async function removeAbandoned(base: string): Promise<void> {
  for (const name of await readdir(base).catch(() => [])) {
    const pid = name.startsWith(directoryPrefix)
      ? /^\d+/.exec(name.slice(directoryPrefix.length))?.[0]
      : undefined
    if (pid === undefined || isAlive(Number(pid))) continue
    try {
      const directory = join(base, name)
      if ((await readdir(directory)).includes(clusterName)) {
        const cluster = await startEmbeddedPostgres({ dataDirectory: join(directory, clusterName) })
        await cluster.stop()
      }
      await remove(directory)
    } catch {
      // Another user's, or too broken to start: not for this run to mend.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Again where a process that ends is still writing there. */
function remove(directory: string): Promise<void> {
  return rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
}
