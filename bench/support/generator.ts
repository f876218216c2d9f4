import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

export interface ServerLoad {
  readonly url: string
  readonly connections: number
  readonly seconds: number
  /** Whole HTTP requests, in the order in which they are sent. They are repeated when they are used up. */
  readonly requests: readonly Uint8Array[]
  /** A part of every answer's body. */
  readonly expected: string
}

const summary = z.object({
  /** Answered, and each as expected. */
  requests: z.number(),
  /** Not answered as expected. */
  failures: z.number(),
  seconds: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
})

export type LoadSummary = z.infer<typeof summary>

const folder = fileURLToPath(new URL('.', import.meta.url))
const wrk = (process.argv.includes('--autocannon') ? [] : (process.env['PATH'] ?? '').split(delimiter))
  .map((directory) => join(directory, 'wrk'))
  .find((file) => existsSync(file))

/** The load generator: wrk where it is installed, since it leaves more of the machine to the servers, and else autocannon. */
export const generatorName = wrk === undefined ? 'autocannon' : 'wrk'

/** Loads a server from a process of its own. */
export async function loadServer(load: ServerLoad): Promise<LoadSummary> {
  const directory = await mkdtemp(join(tmpdir(), 'claviger-load-'))
  try {
    const [requests, result] = [join(directory, 'requests'), join(directory, 'result')]
    await writeFile(requests, frame(load.requests))
    const given = [requests, result, load.expected]
    const { url, connections, seconds } = load
    if (wrk === undefined) {
      await run(process.execPath, [join(folder, 'autocannon.js'), url, connections, seconds, ...given])
    } else {
      // One thread, so that the requests keep their order. A time-out above any pause of a busy machine.
      const options = ['-t1', `-c${connections}`, `-d${seconds}`, '--timeout=10']
      await run(wrk, [...options, `-s${join(folder, 'wrk.lua')}`, url, '--', ...given])
    }
    return summary.parse(JSON.parse(await readFile(result, 'utf8')))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Each request behind its length in a line of its own. */
function frame(requests: readonly Uint8Array[]): Buffer {
  return Buffer.concat(requests.flatMap((request) => [Buffer.from(`${request.length}\n`), request]))
}

async function run(program: string, args: readonly (string | number)[]): Promise<void> {
  const child = spawn(program, args.map(String), { stdio: ['ignore', 'ignore', 'pipe'] })
  let words = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (words += chunk))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve)
  })
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}: ${words.slice(-500)}`)
}
