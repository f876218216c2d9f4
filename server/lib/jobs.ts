import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'

/** Work that is repeated in the background. */
export interface Job {
  /** For the log. */
  readonly name: string
  /** Resolves to whether there is more to do at once. */
  readonly work: () => Promise<boolean>
}

interface Period {
  readonly everyMs: number
  /** When the first run begins; at once unless told. */
  readonly firstAfterMs?: number
  readonly log: Logger
}

/**
 * Runs `work` periodically, with a pause between two runs, until stopped. When it returns true there is more to do, and it
 * runs again without a pause. A failure is logged, and `work` runs again after the pause.
 *
 * @returns a function that stops the job and resolves when the current run has ended
 */
export function runPeriodically(
  work: Job['work'],
  { name, ...period }: Period & Pick<Job, 'name'>,
): () => Promise<void> {
  return runInTurn([{ name, work }], period)
}

/**
 * As {@link runPeriodically}, several jobs one after another: at once they would take as many connections as they are. Those
 * that have more to do run again, in turn, before the pause.
 */
export function runInTurn(
  jobs: readonly Job[],
  { everyMs, log, firstAfterMs = 0 }: Period,
): () => Promise<void> {
  const stopping = new AbortController()
  const isStopping = () => stopping.signal.aborted
  const ended = run()
  return async () => {
    stopping.abort()
    await ended
  }

  async function run(): Promise<void> {
    await pause(firstAfterMs)
    let due = jobs
    while (!isStopping()) {
      const unfinished: Job[] = []
      for (const job of due) {
        if (!isStopping() && (await hasMore(job))) unfinished.push(job)
      }
      due = unfinished
      if (due.length > 0) continue
      due = jobs
      await pause(everyMs)
    }
  }

  /** Stopping aborts it, which ends the loop. */
  async function pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: stopping.signal }).catch(() => undefined)
  }

  function hasMore({ name, work }: Job): Promise<boolean> {
    return work().catch((error: unknown) => {
      log.error({ err: error }, `${name} failed`)
      return false
    })
  }
}
