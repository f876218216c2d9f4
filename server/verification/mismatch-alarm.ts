import { sql as fragment } from 'drizzle-orm'
import { raiseAlert } from '../alerts/raise.ts'
import type { Databases } from '../database/connect.ts'
import { isConnectionLost } from '../database/lost-connection.ts'
import { runTransaction } from '../database/transaction.ts'
import type { Logger } from '../lib/log.ts'

/** A key that was presented as an owner's and is none of his, if there is such an owner. */
export interface Mismatch {
  readonly accountId: string
  readonly applicationServer: string
  /** Of the presented key. */
  readonly thumbprint: string
}

/** Alerts an owner gets in an hour at most, however many keys are shown in his name. */
export const mismatchAlertsPerHour = 20

/** Mismatches that wait at most, about 5 MB of them. */
const waitingMax = 10_000
/** Of them, of one account: far more than it is alerted of, and so few that nobody fills the queue for all by one name. */
const waitingOfAccountMax = 200
const batchMax = 500

/**
 * Tells owners that somebody showed an application server a key that is not theirs.
 *
 * It works after the answer and beside it: what is reported only joins a queue, whoever and whatever was asked for, so
 * the answer's time does not tell whether there is such an owner. When the queue is full, reports are dropped.
 */
export class MismatchAlarm {
  readonly #databases: Databases
  readonly #log: Logger
  /** By all that tells two of them apart. */
  readonly #waiting = new Map<string, Mismatch>()
  readonly #waitingOfAccount = new Map<string, number>()
  #dropped = 0

  constructor(databases: Databases, { log }: { readonly log: Logger }) {
    this.#databases = databases
    this.#log = log
  }

  /** Returns at once, and never throws. */
  report(mismatch: Mismatch): void {
    const { accountId, applicationServer, thumbprint } = mismatch
    const key = JSON.stringify([accountId, applicationServer, thumbprint])
    if (this.#waiting.has(key)) return
    const ofAccount = this.#waitingOfAccount.get(accountId) ?? 0
    if (this.#waiting.size >= waitingMax || ofAccount >= waitingOfAccountMax) {
      this.#dropped++
      return
    }
    this.#waiting.set(key, mismatch)
    this.#waitingOfAccount.set(accountId, ofAccount + 1)
  }

  /**
   * Raises the alerts that are due for what was reported.
   *
   * @returns whether more is waiting
   */
  async drain(): Promise<boolean> {
    if (this.#dropped > 0) {
      this.#log.warn(
        { dropped: this.#dropped },
        'Mismatches were dropped: more were reported than can be looked at',
      )
      this.#dropped = 0
    }
    const batch = [...this.#waiting].slice(0, batchMax)
    for (const [key, mismatch] of batch) this.#remove(key, mismatch)
    if (batch.length === 0) return false
    try {
      for (const mismatch of await this.#selectDue(batch.map(([, value]) => value)))
        await this.#raise(mismatch)
    } catch (error) {
      // What was raised already is not due any more.
      if (isConnectionLost(error)) for (const [, mismatch] of batch) this.report(mismatch)
      throw error
    }
    return this.#waiting.size > 0
  }

  #remove(key: string, { accountId }: Mismatch): void {
    this.#waiting.delete(key)
    const left = (this.#waitingOfAccount.get(accountId) ?? 1) - 1
    if (left === 0) this.#waitingOfAccount.delete(accountId)
    else this.#waitingOfAccount.set(accountId, left)
  }

  /** Looks at what is still waiting, or else at as much of it as the database lets. Never throws. */
  async end(): Promise<void> {
    try {
      while (await this.drain());
    } catch (error) {
      this.#log.error({ err: error }, 'mismatch alarm failed')
    }
  }

  /** Most of what is reported concerns nobody: this one statement finds the rest. */
  async #selectDue(mismatches: readonly Mismatch[]): Promise<Mismatch[]> {
    const rows = await this.#databases.writes.sql<{ place: number }[]>`
      SELECT asked.place::int AS place
      FROM unnest(
        ${mismatches.map(({ accountId }) => accountId)}::uuid[],
        ${mismatches.map(({ applicationServer }) => applicationServer)}::text[],
        ${mismatches.map(({ thumbprint }) => thumbprint)}::text[]
      ) WITH ORDINALITY AS asked (account_id, application_server, thumbprint, place)
      WHERE EXISTS (
          SELECT FROM transaction_keys k
          WHERE k.account_id = asked.account_id AND k.application_server = asked.application_server)
        AND NOT EXISTS (
          SELECT FROM transaction_keys k
          WHERE k.account_id = asked.account_id AND k.application_server = asked.application_server
            AND k.thumbprint = asked.thumbprint)
        AND NOT EXISTS (
          SELECT FROM mismatches m
          WHERE m.account_id = asked.account_id AND m.application_server = asked.application_server
            AND m.presented_thumbprint = asked.thumbprint
            AND m.alerted_at > statement_timestamp() - interval '1 hour')
        AND ${mismatchAlertsPerHour} > (
          SELECT count(*) FROM mismatches m
          WHERE m.account_id = asked.account_id AND m.alerted_at > statement_timestamp() - interval '1 hour')
      ORDER BY asked.place`
    return rows.flatMap(({ place }) => mismatches[place - 1] ?? [])
  }

  /** Under the account's lock, so that servers which do this at once count each other's. */
  async #raise({ accountId, applicationServer, thumbprint }: Mismatch): Promise<void> {
    await runTransaction(this.#databases.writes.db, async (tx) => {
      await tx.execute(fragment`SELECT FROM accounts WHERE id = ${accountId} FOR NO KEY UPDATE`)
      const [recent] = await tx.execute<{ is_due: boolean }>(fragment`
        SELECT count(*) < ${mismatchAlertsPerHour}::int AND count(*) FILTER (
            WHERE application_server = ${applicationServer} AND presented_thumbprint = ${thumbprint}) = 0 AS is_due
        FROM mismatches
        WHERE account_id = ${accountId} AND alerted_at > statement_timestamp() - interval '1 hour'`)
      if (recent?.is_due !== true) return
      await tx.execute(fragment`
        INSERT INTO mismatches (account_id, application_server, presented_thumbprint, alerted_at)
        VALUES (${accountId}, ${applicationServer}, ${thumbprint}, statement_timestamp())
        ON CONFLICT (account_id, application_server, presented_thumbprint) DO UPDATE
        SET alerted_at = excluded.alerted_at`)
      await raiseAlert(
        { tx, accountId },
        { kind: 'PUBLIC_KEY_MISMATCH', details: { applicationServer, presentedThumbprint: thumbprint } },
      )
    })
  }
}
