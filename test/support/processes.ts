import { fork, spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const startTimeoutMs = 45_000
const stopTimeoutMs = 15_000

export interface TestProcess {
  readonly child: ChildProcess
  /** Its standard output and standard error so far. */
  readonly output: () => string
  /** Resolves when the output has this text. */
  says(text: string): Promise<void>
  /** Its exit code once it has ended; null when a signal ended it. */
  readonly exited: Promise<number | null>
  /** Asks it to end; resolves with its exit code, null when it had to be killed. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** Runs a program of the project with this Node, from its root unless told. */
export function run(
  args: readonly string[],
  environment: Record<string, string> = {},
  { cwd = root }: { readonly cwd?: string } = {},
): TestProcess {
  const child = spawn(process.execPath, ['--conditions=claviger:source', ...args], {
    cwd,
    env: { ...process.env, NODE_OPTIONS: '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return watch(child)
}

/** Runs a module of the project and collects the messages that it sends. */
export async function collectMessages(
  module: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<unknown[]> {
  const child = fork(fileURLToPath(new URL(module, `file://${root}`)), [...args], {
    cwd: root,
    execArgv: ['--conditions=claviger:source'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    timeout: timeoutMs,
  })
  const messages: unknown[] = []
  child.on('message', (message) => messages.push(message))
  const { output, exited } = watch(child)
  const code = await exited
  if (code !== 0) throw new Error(`${module} ended with ${code ?? 'a signal'}:\n${output()}`)
  return messages
}

function watch(child: ChildProcess): TestProcess {
  let output = ''
  const exited = exitOf(child)
  const listeners = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
      for (const listener of listeners) listener()
    })
  }
  return {
    child,
    output: () => output,
    exited,
    says: async (text) => {
      const { promise, resolve, reject } = Promise.withResolvers<undefined>()
      const check = () => {
        if (output.includes(text)) resolve(undefined)
      }
      const fail = () => {
        reject(new Error(`It did not say "${text}" but:\n${output}`))
      }
      listeners.add(check)
      child.once('exit', fail)
      const timer = setTimeout(fail, startTimeoutMs)
      check()
      await promise.finally(() => {
        clearTimeout(timer)
        listeners.delete(check)
        child.off('exit', fail)
      })
    },
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
      child.kill(signal)
      const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
      return exited.finally(() => {
        clearTimeout(timer)
      })
    },
  }
}

function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode)
  const { promise, resolve } = Promise.withResolvers<number | null>()
  child.once('exit', (code) => {
    resolve(code)
  })
  return promise
}
