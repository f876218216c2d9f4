import type { Databases } from '../database/connect.ts'
import { isOfOtherNode, isOutOfReach } from '../database/lost-connection.ts'
import type { Logger } from '../lib/log.ts'
import { MismatchQueue, type ReportedMismatch } from './mismatch-queue.ts'
import { raise, recordWaiting, selectDue } from './mismatch-rows.ts'

/** Maximum number of mismatches that wait: about 5 MB. */
const waitingMax = 10_000
/** Maximum for one application server of an account: as many as one request can present. */
const waitingOfApplicationServerMax = 100
const batchMax = 500

/**
 * Tells owners that somebody showed an application server a key that is not theirs.
 *
 * It works after the answer and apart from it: a report only joins a queue, for whichever owner, so the time of an answer does
 * not tell whether there is such an owner. Up to 20 keys of an application server are alerted one by one in an hour; further
 * ones wait, for a minute at least, for one alert about all of them.
 */
export class MismatchAlarm {
  readonly #databases: Pick<Databases, 'writes'>
  readonly #log: Logger
  readonly #queue = new MismatchQueue({
    max: waitingMax,
    perApplicationServerMax: waitingOfApplicationServerMax,
  })

  constructor(databases: Pick<Databases, 'writes'>, { log }: { readonly log: Logger }) {
    this.#databases = databases
    this.#log = log
  }

  /** Returns at once, and never throws. */
  report(mismatch: ReportedMismatch): void {
    this.#queue.add(mismatch)
  }

  /**
   * Raises the alerts that are due for reported mismatches.
   *
   * @returns whether more are waiting
   */
  async drain(): Promise<boolean> {
    const dropped = this.#queue.takeDropped()
    if (dropped > 0) {
      this.#log.warn({ dropped }, 'Mismatches were dropped: more were reported than can be looked at')
    }
    const batch = this.#queue.take(batchMax)
    if (batch.length === 0) return false
    await this.#alertOrKeep(batch)
    return this.#queue.size > 0
  }

  async #alertOrKeep(batch: readonly ReportedMismatch[]): Promise<void> {
    try {
      await this.#alert(batch)
    } catch (error) {
      const ofAccounts = [...Map.groupBy(batch, ({ accountId }) => accountId).values()]
      if (isOfOtherNode(error) && ofAccounts.length > 1) {
        // The owners whose machine can be reached are alerted.
        await Promise.all(ofAccounts.map((part) => this.#alertOrKeep(part)))
        return
      }
      // A mismatch that was raised already is no longer due.
      if (isOutOfReach(error)) for (const mismatch of batch) this.report(mismatch)
      throw error
    }
  }

  /** Processes what is still waiting, up to the first failure of the database. Never throws. */
  async end(): Promise<void> {
    try {
      while (await this.drain());
    } catch (error) {
      this.#log.error({ err: error }, 'mismatch alarm failed')
    }
  }

  async #alert(batch: readonly ReportedMismatch[]): Promise<void> {
    const { alone, together } = await selectDue(this.#databases.writes.sql, batch)
    const isWithinRates = ({ rates }: ReportedMismatch) => rates.tryTake('mismatches')
    const waiting = together.filter(isWithinRates)
    const toAlert = alone.filter(isWithinRates)
    const dropped = alone.length + together.length - toAlert.length - waiting.length
    if (dropped > 0) this.#log.warn({ dropped }, 'Mismatches were dropped: one client reported too many')
    for (const mismatch of toAlert) {
      // Another server may have raised the hour's last alert meanwhile.
      if (!(await raise(this.#databases.writes, mismatch))) waiting.push(mismatch)
    }
    if (waiting.length > 0) await recordWaiting(this.#databases.writes.sql, waiting)
  }
}
