import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'

/** Work that is repeated in the background. */
export interface Job {
  /** For the log. */
  readonly name: string
  /** Resolves to whether there is more to do at once, or to the milliseconds until there is. */
  readonly work: () => Promise<boolean | number>
}

interface Period {
  readonly everyMs: number
  /** When the first run begins; at once unless told. */
  readonly firstAfterMs?: number
  readonly log: Logger
  /** Whether a failure comes from outside the program, e.g. from the database: then it is logged as a warning. */
  readonly isFromOutside?: (error: unknown) => boolean
}

/** The shortest pause, also when a job says that there is more to do sooner: perhaps others are doing it. */
const pauseMsMin = 10

/**
 * Runs `work` periodically, with a pause between two runs, until stopped. When it returns true there is more to do, and it
 * runs again without a pause; a time that it returns shortens the pause. A failure is logged, and `work` runs again after the
 * pause.
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
  { everyMs, log, firstAfterMs = 0, isFromOutside = () => false }: Period,
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
    let pauseMs = everyMs
    while (!isStopping()) {
      const unfinished: Job[] = []
      for (const job of due) {
        const more = !isStopping() && (await moreOf(job))
        if (more === true) unfinished.push(job)
        else if (more !== false) pauseMs = Math.min(pauseMs, Math.max(more, pauseMsMin))
      }
      due = unfinished
      if (due.length > 0) continue
      due = jobs
      await pause(pauseMs)
      pauseMs = everyMs
    }
  }

  /** Stopping aborts it, which ends the loop. */
  async function pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: stopping.signal }).catch(() => undefined)
  }

  function moreOf({ name, work }: Job): Promise<boolean | number> {
    return work().catch((error: unknown) => {
      log[isFromOutside(error) ? 'warn' : 'error']({ err: error }, `${name} failed`)
      return false
    })
  }
}
