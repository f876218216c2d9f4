import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

export interface ProgramOutcome {
  /** The exit code, or `undefined` when the program did not run or was killed. */
  code: number | undefined
  /** Its standard output and standard error, at most some kilobytes of its end, trimmed. */
  output: string
}

/**
 * Runs a program to its end. Does not throw: a program that is missing, may not be executed or takes too long has no
 * exit code, and its outcome says why in words.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: { user?: OperatingUser | undefined; directory?: string; timeoutMs: number },
): Promise<ProgramOutcome> {
  let output = ''
  try {
    const child = spawn(program, args, {
      // Its own session: Ctrl-C at the terminal must not end `pg_ctl stop` half-way.
      detached: process.platform !== 'win32',
      env: environment(),
      killSignal: 'SIGKILL',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
      windowsHide: true,
      ...(options.directory === undefined ? {} : { cwd: options.directory }),
      ...options.user,
    })
    for (const stream of [child.stdout, child.stderr]) {
      stream
        .setEncoding('utf8')
        .on('data', (chunk: string) => (output = (output + chunk).slice(-outputLengthMax)))
    }
    const closed = once(child, 'close')
    closed.catch(() => undefined)
    await once(child, 'exit')
    // On Windows the postmaster can inherit the pipes and hold them open, so that `close` never comes.
    await Promise.race([closed, sleep(500, undefined, { ref: false })])
    child.stdout.destroy()
    child.stderr.destroy()
    if (child.killed) output += `\nIt was ended after ${String(options.timeoutMs / 1000)} seconds.`
    return { code: child.exitCode ?? undefined, output: output.trim() }
  } catch (error) {
    return { code: undefined, output: error instanceof Error ? error.message : 'It could not be run.' }
  }
}

/** A program that goes on when this process has ended. */
export interface StartedProgram {
  readonly pid: number | undefined
  hasEnded(): boolean
}

/** Starts a program in a session of its own, which writes both its outputs to a file. Does not throw, nor wait. */
export function startProgram(
  program: string,
  args: readonly string[],
  options: { user?: OperatingUser | undefined; directory: string; output: number },
): StartedProgram {
  const child = spawn(program, args, {
    detached: true,
    env: environment(),
    stdio: ['ignore', options.output, options.output],
    cwd: options.directory,
    ...options.user,
  })
  let hasFailed = false
  child.once('error', () => (hasFailed = true))
  child.unref()
  return {
    pid: child.pid,
    hasEnded: () => hasFailed || child.exitCode !== null || child.signalCode !== null,
  }
}

const outputLengthMax = 8192

/**
 * Only what programs need to run. `PG…` variables would bend PostgreSQL's behaviour, and the secrets that a server's
 * environment may hold are no business of its children. `LC_ALL=C` keeps messages and macOS's locale threads out.
 */
function environment(): Record<string, string> {
  const wanted = ['PATH', 'HOME', 'TZ', 'TMPDIR', 'TEMP', 'TMP', 'LD_LIBRARY_PATH', 'SystemRoot', 'ComSpec']
  const kept: Record<string, string> = { LC_ALL: 'C' }
  for (const name of wanted) {
    // eslint-disable-next-line no-restricted-properties -- handed on to programs, not read as a setting
    const value = process.env[name]
    if (value !== undefined) kept[name] = value
  }
  return kept
}

/** The user that the PostgreSQL programs run as, when it is not the key server's. */
export interface OperatingUser {
  uid: number
  gid: number
}
