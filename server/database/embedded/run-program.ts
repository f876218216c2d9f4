import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { OperatingUser } from './operating-user.ts'

export interface ProgramOutcome {
  /** The exit code, or `undefined` when the program did not run or was killed. */
  code: number | undefined
  /** What it wrote to both outputs, at most some kilobytes of its end, trimmed. */
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
  const child = spawn(program, args, {
    // Its own session: Ctrl-C at the terminal must not end `pg_ctl stop` half-way.
    detached: process.platform !== 'win32',
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
    ...(options.directory === undefined ? {} : { cwd: options.directory }),
    ...options.user,
  })
  let output = ''
  const collect = (chunk: string): void => {
    output = (output + chunk).slice(-8192)
  }
  child.stdout.setEncoding('utf8').on('data', collect)
  child.stderr.setEncoding('utf8').on('data', collect)

  let wasTooSlow = false
  const timer = setTimeout(() => {
    wasTooSlow = true
    child.kill('SIGKILL')
  }, options.timeoutMs)
  try {
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
    const code = await new Promise<number | undefined>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (exitCode) => resolve(exitCode ?? undefined))
    })
    // On Windows the postmaster can inherit the pipes and hold them open, so that `close` never comes.
    await Promise.race([closed, sleep(500, undefined, { ref: false })])
    if (wasTooSlow) return { code: undefined, output: `no end within ${options.timeoutMs / 1000} seconds` }
    return { code, output: output.trim() }
  } catch (error) {
    return { code: undefined, output: error instanceof Error ? error.message : 'it could not be run' }
  } finally {
    clearTimeout(timer)
    child.stdout.destroy()
    child.stderr.destroy()
  }
}

/**
 * Only what programs need to run. `PG…` variables would bend PostgreSQL's behaviour, and the secrets that a server's
 * environment may hold are no business of its children. `LC_ALL=C` keeps messages and macOS's locale threads out.
 */
function environment(): Record<string, string> {
  const wanted = ['PATH', 'HOME', 'TZ', 'TMPDIR', 'TEMP', 'TMP', 'LD_LIBRARY_PATH', 'SystemRoot', 'ComSpec']
  const kept: Record<string, string> = { LC_ALL: 'C' }
  for (const name of wanted) {
    const value = process.env[name]
    if (value !== undefined) kept[name] = value
  }
  return kept
}
