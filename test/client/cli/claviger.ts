import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { runtimeSettings } from '../../support/child.ts'

const bin = fileURLToPath(new URL('../../../client/bin/claviger.js', import.meta.url))

/** One command takes half a second; those that wait for alerts, and those on a busy machine, longer. */
const endsWithinMs = 30_000

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Settings {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  /** A file descriptor. Default: a pipe that is read to its end. */
  readonly stdout?: number
}

/** A command line of its own home: runs `bin/claviger.js` in processes that see nothing of this machine's settings. */
export class Claviger {
  readonly home: string
  readonly #env: Readonly<Record<string, string>>

  constructor(home: string, env: Readonly<Record<string, string>> = {}) {
    this.home = home
    this.#env = env
  }

  async run(args: readonly string[], { stdin = '', ...settings }: Settings = {}): Promise<Ended> {
    const child = this.start(args, settings)
    const [stdout, stderr] = [textOf(child.stdout), textOf(child.stderr)]
    // A command that does not read its input may be gone before it is written.
    child.stdin?.on('error', () => undefined).end(stdin)
    const [code]: unknown[] = await once(child, 'close')
    return { code: typeof code === 'number' ? code : null, stdout: await stdout, stderr: await stderr }
  }

  /** Runs with --json, and parses what it prints when it succeeds. */
  async json(...args: readonly string[]): Promise<Members> {
    const { code, stdout, stderr } = await this.run([...args, '--json'])
    if (code !== 0) throw new Error(`claviger ${args.join(' ')} exited with ${String(code)}: ${stderr}`)
    return membersOf(JSON.parse(stdout))
  }

  start(args: readonly string[], { env = {}, stdout }: Omit<Settings, 'stdin'> = {}): ChildProcess {
    return spawn(process.execPath, [bin, ...args], {
      env: { ...runtimeSettings, HOME: this.home, ...this.#env, ...env },
      cwd: this.home,
      stdio: ['pipe', stdout ?? 'pipe', 'pipe'],
      timeout: endsWithinMs,
      killSignal: 'SIGKILL',
    })
  }
}

export type Members = Readonly<Record<string, unknown>>

export function membersOf(value: unknown): Members {
  if (typeof value !== 'object' || value === null) throw new TypeError('A JSON object is expected.')
  return Object.fromEntries(Object.entries(value))
}

/** The lines that a process prints, as they come. */
export function linesOf(child: ChildProcess): AsyncIterator<string> {
  if (child.stdout === null) throw new TypeError('Its output is not a pipe.')
  return createInterface({ input: child.stdout })[Symbol.asyncIterator]()
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = ''
  for await (const chunk of stream?.setEncoding('utf8') ?? []) text += String(chunk)
  return text
}
