import type { Databases } from '../database/connect.ts'
import { isOfOtherNode, isOutOfReach } from '../database/lost-connection.ts'
import type { Logger } from '../lib/log.ts'
import { MismatchQueue, type ReportedMismatch } from './mismatch-queue.ts'
import { raise, recordWaiting, selectDue } from './mismatch-rows.ts'

/** Mismatches that wait at most, about 5 MB of them. */
const waitingMax = 10_000
/** Those of them of one application server of an account: as many as one request can present. */
const waitingOfApplicationServerMax = 100
const batchMax = 500

/**
 * Tells owners that somebody showed an application server a key that is not theirs.
 *
 * It works after the answer and beside it: what is reported only joins a queue, whoever and whatever was asked for, so
 * the answer's time does not tell whether there is such an owner. Up to 20 keys of an application server are told one by one
 * in an hour; those beyond wait, for a minute at least, for one alert that stands for them all.
 */
export class MismatchAlarm {
  readonly #databases: Databases
  readonly #log: Logger
  readonly #queue = new MismatchQueue({
    max: waitingMax,
    perApplicationServerMax: waitingOfApplicationServerMax,
  })

  constructor(databases: Databases, { log }: { readonly log: Logger }) {
    this.#databases = databases
    this.#log = log
  }

  /** Returns at once, and never throws. */
  report(mismatch: ReportedMismatch): void {
    this.#queue.add(mismatch)
  }

  /**
   * Raises the alerts that are due for what was reported.
   *
   * @returns whether more is waiting
   */
  async drain(): Promise<boolean> {
    const dropped = this.#queue.takeDropped()
    if (dropped > 0) {
      this.#log.warn({ dropped }, 'Mismatches were dropped: more were reported than can be looked at')
    }
    const batch = this.#queue.take(batchMax)
    if (batch.length === 0) return false
    await this.#tellOrKeep(batch)
    return this.#queue.size > 0
  }

  async #tellOrKeep(batch: readonly ReportedMismatch[]): Promise<void> {
    try {
      await this.#tell(batch)
    } catch (error) {
      const ofAccounts = [...Map.groupBy(batch, ({ accountId }) => accountId).values()]
      if (isOfOtherNode(error) && ofAccounts.length > 1) {
        // Owners whose machine is there are told.
        await Promise.all(ofAccounts.map((part) => this.#tellOrKeep(part)))
        return
      }
      // A mismatch that was raised already is no longer due.
      if (isOutOfReach(error)) for (const mismatch of batch) this.report(mismatch)
      throw error
    }
  }

  /** Looks at what is still waiting, or else at as much of it as the database lets. Never throws. */
  async end(): Promise<void> {
    try {
      while (await this.drain());
    } catch (error) {
      this.#log.error({ err: error }, 'mismatch alarm failed')
    }
  }

  async #tell(batch: readonly ReportedMismatch[]): Promise<void> {
    const { alone, together } = await selectDue(this.#databases.writes.sql, batch)
    const mayBeTold = ({ rates }: ReportedMismatch) => rates.tryTake('mismatches')
    const waiting = together.filter(mayBeTold)
    const told = alone.filter(mayBeTold)
    const dropped = alone.length + together.length - told.length - waiting.length
    if (dropped > 0) this.#log.warn({ dropped }, 'Mismatches were dropped: one client reported too many')
    for (const mismatch of told) {
      // Another server may have used the hour's alerts up meanwhile.
      if (!(await raise(this.#databases.writes, mismatch))) waiting.push(mismatch)
    }
    if (waiting.length > 0) await recordWaiting(this.#databases.writes.sql, waiting)
  }
}
