import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { runtimeSettings } from '../../support/child.ts'

const bin = fileURLToPath(new URL('../../../client/bin/claviger.js', import.meta.url))

const { stdout } = spawnSync('script', ['--version'], { encoding: 'utf8' })

/** Why there is no terminal to type at; null: there is one. `script` of util-linux makes it. */
export const terminalMissing = stdout.includes('util-linux')
  ? null
  : 'there is no "script" of util-linux, which makes a terminal'

export interface Typed {
  /** A prompt to wait for, and the line to type then. */
  readonly at: string
  readonly line: string
}

export interface TerminalEnd {
  readonly code: number | null
  /** All that the terminal has shown. */
  readonly shown: string
  /** The lines that nobody asked for. */
  readonly left: number
}

/** Runs a command at a terminal of its own, where somebody types these lines, each once it is asked for. */
export async function runAtTerminal(
  args: readonly string[],
  { home, lines }: { readonly home: string; readonly lines: readonly Typed[] },
): Promise<TerminalEnd> {
  const command = [process.execPath, bin, ...args].map((part) => `'${part}'`).join(' ')
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    env: { ...runtimeSettings, HOME: home, TERM: 'dumb', SHELL: '/bin/sh' },
    cwd: home,
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
  const waiting = [...lines]
  let shown = ''
  let read = 0
  child.stdin.on('error', () => undefined)
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text
    const [next] = waiting
    const found = next === undefined ? -1 : shown.indexOf(next.at, read)
    if (next === undefined || found === -1) return
    read = found + next.at.length
    waiting.shift()
    child.stdin.write(`${next.line}\r`)
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, shown, left: waiting.length }
}
