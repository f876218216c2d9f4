import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'

export interface JobOptions {
  /** What is repeated, for the log. */
  readonly name: string
  readonly everyMs: number
  readonly log: Logger
}

/**
 * Repeats `work` with a pause between two runs, until stopped. When it answers true there is more to do, and the pause
 * is left out. A failure is logged and tried again after the pause.
 *
 * @returns a function that ends the repetition and resolves when the run that is under way has ended
 */
export function runPeriodically(
  work: () => Promise<boolean>,
  { name, everyMs, log }: JobOptions,
): () => Promise<void> {
  const stopping = new AbortController()
  const ended = run()
  return async () => {
    stopping.abort()
    await ended
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const hasMore = await work().catch((error: unknown) => {
        log.error({ err: error }, `${name} failed`)
        return false
      })
      // An aborted pause ends the loop.
      if (!hasMore) await delay(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }
}
