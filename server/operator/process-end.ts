import { watchLauncher } from './launcher.ts'

/** Longest stop, in milliseconds: requests have 10 s, PostgreSQL 40 s. The delay before the listener closes comes on top. */
const stopMsMax = 60_000
/** Under npm, which passes it on, a terminal's Ctrl-C comes twice within this time, and counts once. */
const sameSignalMs = 1_000

/** Decides when the process ends, and ends it: always in the same way, so that nothing is left behind. */
export interface ProcessEnd {
  /** Ends the process by this function: at once when it was asked to end before. Until then nothing can be stopped. */
  stopBy(stop: () => Promise<void>): void
  /** Ends the process for a reason of its own. */
  begin(reason: string, options: { readonly exitCode: number }): void
  readonly isAsked: boolean
}

export interface ProcessEndOptions {
  /** How long `stop` waits before it closes the listener. */
  readonly delaySeconds: number
  readonly explain: (error: unknown) => string
}

/**
 * Ends the process on SIGINT, SIGTERM and SIGHUP, when its outputs are closed, and when the npm that started it is gone. A
 * second signal ends it at once.
 */
export function watchForEnd({ delaySeconds, explain }: ProcessEndOptions): ProcessEnd {
  let stop: (() => Promise<void>) | null = null
  let asked: { readonly exitCode: number; readonly atMs: number } | null = null

  const begin: ProcessEnd['begin'] = (reason, { exitCode }) => {
    if (asked !== null) return
    asked = { exitCode, atMs: performance.now() }
    const how = stop === null ? 'stopping as soon as it has started' : 'stopping'
    const output = exitCode === 0 ? process.stdout : process.stderr
    output.write(`\n${reason}: ${how}. A signal once more stops at once.\n`)
    const limitMs = stopMsMax + delaySeconds * 1_000
    setTimeout(() => {
      process.stderr.write(`It did not stop within ${String(limitMs / 1_000)} seconds.\n`)
      process.exit(1)
    }, limitMs).unref()
    if (stop !== null) void finish(stop, exitCode)
  }
  const finish = async (work: () => Promise<void>, exitCode: number) => {
    try {
      await work()
    } catch (error) {
      process.stderr.write(`${explain(error)}\n`)
      process.exit(1)
    }
    process.exit(exitCode)
  }

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (asked === null) begin(signal, { exitCode: 0 })
      else if (performance.now() - asked.atMs > sameSignalMs) {
        process.stderr.write('Stopping at once.\n')
        process.exit(1)
      }
    })
  }
  // Any other error of theirs, for instance of a full disk, costs a line of output and nothing else.
  for (const [stream, name] of [
    [process.stdout, 'Standard output'],
    [process.stderr, 'Standard error'],
  ] as const) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') begin(`${name} was closed`, { exitCode: 0 })
    })
  }
  watchLauncher(() => {
    begin('npm is gone', { exitCode: 0 })
  })
  return {
    begin,
    stopBy(work) {
      stop = work
      if (asked !== null) void finish(work, asked.exitCode)
    },
    get isAsked() {
      return asked !== null
    },
  }
}
