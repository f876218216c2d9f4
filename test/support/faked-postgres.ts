import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, glob, mkdtemp, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { startEmbeddedPostgres } from '../../server/database/embedded/index.ts'
import { eventually } from './connections.ts'

/** A PostgreSQL of the test's own, whose whole clock can be set. */
export interface FakedPostgres {
  readonly url: string
  /** Sets how many seconds the clock is ahead; behind, when negative. */
  set(seconds: number): Promise<void>
  stop(): Promise<void>
}

/** Where libfaketime is, as Debian's package `faketime` installs it; undefined without it. */
export async function findFaketime(): Promise<string | undefined> {
  for await (const path of glob('/usr/lib/*/faketime/libfaketime.so.1')) return path
  return undefined
}

/**
 * Starts the embedded PostgreSQL on a new directory, and then starts it anew, in the same way, with libfaketime between it
 * and its clock. Its monotonic clock is left alone.
 */
export async function startFakedPostgres(faketime: string): Promise<FakedPostgres> {
  const directory = await mkdtemp(join(tmpdir(), 'claviger-faketime-'))
  // Started by root, PostgreSQL runs as another user.
  await chmod(directory, 0o711)
  const timestampFile = join(directory, 'faketime')
  const set = (seconds: number): Promise<void> =>
    writeFile(timestampFile, `${seconds < 0 ? '' : '+'}${seconds}\n`)
  const dataDirectory = join(directory, 'data')
  const cluster = await startEmbeddedPostgres({ dataDirectory })
  const command = await commandOf(join(dataDirectory, 'postgres'))
  await cluster.stop()
  await set(0)
  await chmod(timestampFile, 0o644)
  const child = spawn(command.program, command.args, {
    cwd: command.directory,
    env: {
      ...command.env,
      LD_PRELOAD: faketime,
      FAKETIME_TIMESTAMP_FILE: timestampFile,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    stdio: 'ignore',
    ...command.user,
  })
  const ended = once(child, 'exit')
  const stop = async (): Promise<void> => {
    // Fast: it ends all connections.
    child.kill('SIGINT')
    const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
    await ended
    clearTimeout(timer)
    await rm(directory, { recursive: true, force: true })
  }
  const url = cluster.url.replace(/\?.*/, '')
  try {
    await eventually(() => answers(url), { withinMs: 30_000, what: 'an answer of PostgreSQL' })
  } catch (error) {
    await stop()
    throw error
  }
  return { url, set, stop }
}

/** How the running PostgreSQL of a directory was started. */
async function commandOf(clusterDirectory: string) {
  const [pid = ''] = (await readFile(join(clusterDirectory, 'postmaster.pid'), 'utf8')).split('\n')
  const process = `/proc/${pid}`
  const [, ...args] = (await readFile(`${process}/cmdline`, 'utf8')).split('\0').slice(0, -1)
  const environment = (await readFile(`${process}/environ`, 'utf8')).split('\0').slice(0, -1)
  const { uid, gid } = await stat(process)
  return {
    program: await readlink(`${process}/exe`),
    directory: await readlink(`${process}/cwd`),
    args,
    env: Object.fromEntries(
      environment.map((line) => {
        const end = line.indexOf('=')
        return [line.slice(0, end), line.slice(end + 1)] as const
      }),
    ),
    user: { uid, gid },
  }
}

async function answers(url: string): Promise<boolean> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => undefined })
  try {
    await sql`SELECT 1`
    return true
  } catch {
    return false
  } finally {
    await sql.end({ timeout: 2 })
  }
}
