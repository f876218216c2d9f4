import { setTimeout as sleep } from 'node:timers/promises'

export interface Supervised {
  /** Whether the program is there, and answers or may still do so. @throws Error in words when it is another's by now */
  isThere(): Promise<boolean>
  /** Starts it. @returns null, or in words why it does not start */
  start(): Promise<string | null>
  /** Told what is done about its end, a sentence each. */
  log(sentence: string): void
  /** Told in words that it is given up. Nothing is looked after any more. */
  onLost(error: Error): void
}

export interface SupervisorTimes {
  readonly lookEveryMs: number
  readonly firstPauseMs: number
  readonly pauseMsMax: number
  /** How long starting is tried before it is given up. */
  readonly giveUpMs: number
  /** After a run of this length PostgreSQL has recovered: the pauses begin anew. */
  readonly stableMs: number
}

const defaultTimes: SupervisorTimes = {
  lookEveryMs: 500,
  firstPauseMs: 250,
  pauseMsMax: 10_000,
  giveUpMs: 60_000,
  stableMs: 60_000,
}

/**
 * Looks after a program: starts it again when it has ended, with pauses that grow, and gives it up when it does not stay for a
 * minute.
 *
 * @returns a function that ends the supervision, and resolves when nothing is under way any more
 */
export function supervise(program: Supervised, times: Partial<SupervisorTimes> = {}): () => Promise<void> {
  const { lookEveryMs, firstPauseMs, pauseMsMax, giveUpMs, stableMs } = { ...defaultTimes, ...times }
  const ending = new AbortController()
  const ended = run().catch((error: unknown) => {
    if (!ending.signal.aborted) {
      program.onLost(error instanceof Error ? error : new Error('PostgreSQL cannot be looked after.'))
    }
  })
  return async () => {
    ending.abort()
    await ended
  }

  async function run(): Promise<void> {
    let failingSince: number | null = null
    let startedAt = performance.now()
    let pauseMs = firstPauseMs
    let reason = ''
    while (await pause(lookEveryMs)) {
      if (await program.isThere()) {
        if (failingSince !== null && performance.now() - startedAt > stableMs) {
          failingSince = null
          pauseMs = firstPauseMs
        }
        continue
      }
      if (ending.signal.aborted) return
      failingSince ??= performance.now()
      // While it starts and ends again and again the time runs on.
      if (performance.now() - failingSince > giveUpMs) {
        throw new Error(`PostgreSQL has ended, and does not stay when it is started again. ${reason}`.trim())
      }
      program.log('PostgreSQL has ended and is started again')
      startedAt = performance.now()
      const failure = await program.start()
      if (failure === null) program.log('PostgreSQL is there again')
      else {
        reason = `It says: ${failure}`
        program.log(`PostgreSQL does not start: ${failure}`)
      }
      if (!(await pause(pauseMs))) return
      pauseMs = Math.min(2 * pauseMs, pauseMsMax)
    }
  }

  /** False when the supervision has ended meanwhile. */
  async function pause(ms: number): Promise<boolean> {
    return sleep(ms, true, { signal: ending.signal, ref: false }).catch(() => false)
  }
}
