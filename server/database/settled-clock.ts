import type { Logger } from '../lib/log.ts'
import type { JobDatabases } from './connect.ts'

/** A step of the database's clock that is worth telling the operator. */
const stepMsMin = 5_000

interface Sighting {
  /** The count that all servers share: `clock_sightings.elapsed_ms`. */
  readonly elapsedMs: number
  readonly clockMs: number
  /** By this process's monotonic clock, after the database had answered. */
  readonly atMs: number
}

/**
 * Records in the database, periodically, what its clock shows and how much time this process has measured since. From this the
 * database function `settled_clock` computes the time that has certainly come (docs/adr/0015-settled-clock.md).
 */
export class SettledClock {
  readonly #databases: JobDatabases
  readonly #log: Logger
  readonly #monotonicMs: () => number
  #last: Sighting | null = null

  /** @param options.monotonicMs milliseconds on a clock that is never set; `performance.now` by default */
  constructor(
    databases: JobDatabases,
    {
      log,
      monotonicMs = () => performance.now(),
    }: { readonly log: Logger; readonly monotonicMs?: () => number },
  ) {
    this.#databases = databases
    this.#log = log
    this.#monotonicMs = monotonicMs
  }

  /** Notes what the clock shows now. @returns false: there is nothing more to do */
  async sight(): Promise<boolean> {
    const last = this.#last
    // Read before the question and after the answer, so that what is counted never exceeds what has passed.
    const askedAtMs = this.#monotonicMs()
    const passedMs = last === null ? null : Math.floor(askedAtMs - last.atMs)
    const [row] = await this.#databases.writes.sql<{ elapsed_ms: string; clock_ms: string }[]>`
      SELECT sight_clock(${last?.elapsedMs ?? null}::bigint, ${passedMs}::bigint)::text AS elapsed_ms,
        floor(extract(epoch FROM clock_timestamp()) * 1000)::text AS clock_ms`
    if (row === undefined) throw new TypeError('The database answers a sighting of its clock with a row.')
    const sighting = {
      elapsedMs: Number(row.elapsed_ms),
      clockMs: Number(row.clock_ms),
      atMs: this.#monotonicMs(),
    }
    this.#last = sighting
    if (last !== null) this.#tellOfStep(last, { sighting, askedMs: sighting.atMs - askedAtMs })
    return false
  }

  #tellOfStep(
    last: Sighting,
    { sighting, askedMs }: { readonly sighting: Sighting; readonly askedMs: number },
  ): void {
    const steppedMs = sighting.clockMs - last.clockMs - (sighting.atMs - last.atMs)
    if (Math.abs(steppedMs) <= stepMsMin + askedMs) return
    this.#log.warn(
      { steppedSeconds: Math.round(steppedMs / 1000) },
      "The database's clock was set, or it is another machine's now",
    )
  }
}
