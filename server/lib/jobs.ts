import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'

export interface JobOptions {
  /** For the log. */
  readonly name: string
  readonly everyMs: number
  readonly log: Logger
}

/**
 * Runs `work` periodically, with a pause between two runs, until stopped. When it returns true there is more to do, and it
 * runs again without a pause. A failure is logged, and `work` runs again after the pause.
 *
 * @returns a function that stops the job and resolves when the current run has ended
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
      // Stopping aborts the pause, which ends the loop.
      if (!hasMore) await delay(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }
}
