import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface Child {
  readonly process: ChildProcess
  /** Its standard output so far. */
  output(): string
  /** Its standard error so far. */
  errors(): string
  readonly ended: Promise<ChildEnd>
}

export interface ChildEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly output: string
  readonly errors: string
}

const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env
/** Lines that have nothing to do with the script itself. */
export const runtimeSettings = { PATH, NODE_COMPILE_CACHE }

/** Runs a script of this checkout, named from its root, in a process of its own that is killed after `timeoutMs`. */
export function runScript(
  script: string,
  options: {
    readonly args?: readonly string[]
    readonly env?: Record<string, string>
    readonly timeoutMs: number
  },
): Child {
  const path = fileURLToPath(new URL(`../../${script}`, import.meta.url))
  const child = spawn(process.execPath, [path, ...(options.args ?? [])], {
    env: { ...runtimeSettings, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.timeoutMs,
    killSignal: 'SIGKILL',
  })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk))
  const { promise, resolve, reject } = Promise.withResolvers<ChildEnd>()
  child.once('error', reject)
  child.once('close', (code, signal) => {
    resolve({ code, signal, output, errors })
  })
  return { process: child, output: () => output, errors: () => errors, ended: promise }
}
