import { sql as fragment } from 'drizzle-orm'
import type postgres from 'postgres'
import { raiseAlert } from '../alerts/raise.ts'
import type { Databases } from '../database/connect.ts'
import { runTransaction } from '../database/transaction.ts'
import type { Mismatch } from './mismatch-queue.ts'

/** Alerts of one key each that an owner gets in an hour at most, for each application server, however many keys are shown. */
export const mismatchAlertsPerHour = 20

/** Keys that wait for an alert together, of one application server of an account. Keys beyond it are not counted. */
const waitingMax = 1_000
/** How long the first of them waits at least, and how long it is until the next such alert. */
const sumUpAfterSeconds = 60
const sumUpEverySeconds = 600
/** Application servers of accounts that one run sums up. */
const batchMax = 100

/**
 * Most of what is reported concerns nobody: this one statement finds the rest.
 *
 * @returns what is to be told alone, and what is beyond that
 */
export async function selectDue<Reported extends Mismatch>(
  sql: postgres.Sql,
  mismatches: readonly Reported[],
): Promise<{ readonly alone: readonly Reported[]; readonly together: readonly Reported[] }> {
  const rows = await sql<{ place: number; is_alone: boolean }[]>`
    SELECT * FROM select_due_mismatches(
      ${mismatches.map(({ accountId }) => accountId)}::uuid[],
      ${mismatches.map(({ applicationServer }) => applicationServer)}::text[],
      ${mismatches.map(({ thumbprint }) => thumbprint)}::text[],
      ${mismatchAlertsPerHour}, ${waitingMax})`
  const of = (isAlone: boolean) =>
    rows.filter(({ is_alone }) => is_alone === isAlone).flatMap(({ place }) => mismatches[place - 1] ?? [])
  return { alone: of(true), together: of(false) }
}

/**
 * Tells one alone, unless it was told within the hour. Under the account's lock, so that servers which do this at once count
 * each other's.
 *
 * @returns false when the hour's alerts are used up
 */
export async function raise(
  { db }: Pick<Databases['writes'], 'db'>,
  { accountId, applicationServer, thumbprint }: Mismatch,
): Promise<boolean> {
  return runTransaction(db, async (tx) => {
    await tx.execute(fragment`SELECT FROM accounts WHERE id = ${accountId} FOR NO KEY UPDATE`)
    const [row] = await tx.execute<{ told: number; hour_ago: string }>(fragment`
      SELECT count(*) FILTER (WHERE telling = 'ALERTED' AND alerted_at > statement_timestamp() - interval '1 hour')::int
          AS told,
        (statement_timestamp() - interval '1 hour')::text AS hour_ago
      FROM mismatches
      WHERE account_id = ${accountId} AND application_server = ${applicationServer}`)
    if (row === undefined) throw new TypeError('A count returned no row.')
    if (row.told >= mismatchAlertsPerHour) return false
    const recorded = await tx.execute(fragment`
      INSERT INTO mismatches AS m (account_id, application_server, presented_thumbprint, alerted_at)
      VALUES (${accountId}::uuid, ${applicationServer}::text, ${thumbprint}::text, statement_timestamp())
      ON CONFLICT (account_id, application_server, presented_thumbprint) DO UPDATE
      SET alerted_at = excluded.alerted_at, telling = 'ALERTED'
      WHERE m.alerted_at <= ${row.hour_ago}::timestamptz AND m.telling <> 'WAITING'
      RETURNING account_id`)
    if (recorded.length > 0) {
      const details = { applicationServer, presentedThumbprint: thumbprint }
      await raiseAlert({ tx, accountId }, { kind: 'PUBLIC_KEY_MISMATCH', details })
    }
    return true
  })
}

/** Keeps what is beyond the hour's alerts, to be told together. */
export async function recordWaiting(sql: postgres.Sql, mismatches: readonly Mismatch[]): Promise<void> {
  await sql`
    SELECT record_waiting_mismatches(
      ${mismatches.map(({ accountId }) => accountId)}::uuid[],
      ${mismatches.map(({ applicationServer }) => applicationServer)}::text[],
      ${mismatches.map(({ thumbprint }) => thumbprint)}::text[])`
}

/**
 * Tells what waits: one alert for each application server of an account, which names one key and counts the others.
 *
 * @returns whether there may be more of them
 */
export async function sumUpWaiting({ sql, db }: Pick<Databases['writes'], 'sql' | 'db'>): Promise<boolean> {
  const due = await sql<{ account_id: string; application_server: string }[]>`
    SELECT * FROM mismatches_to_sum_up(${sumUpAfterSeconds}, ${sumUpEverySeconds}, ${batchMax})`
  for (const { account_id: accountId, application_server: applicationServer } of due) {
    await runTransaction(db, async (tx) => {
      await tx.execute(fragment`SELECT FROM accounts WHERE id = ${accountId} FOR NO KEY UPDATE`)
      // Another server may have come first: then there is nothing to tell.
      const [told] = await tx.execute<{ thumbprint: string | null; keys: number }>(fragment`
        WITH told AS (
          UPDATE mismatches SET telling = 'SUMMED_UP', alerted_at = statement_timestamp()
          WHERE account_id = ${accountId} AND application_server = ${applicationServer} AND telling = 'WAITING'
          RETURNING presented_thumbprint
        )
        SELECT min(presented_thumbprint) AS thumbprint, count(*)::int AS keys FROM told`)
      const { thumbprint: presentedThumbprint = null, keys = 0 } = told ?? {}
      if (presentedThumbprint === null) return
      const details = { applicationServer, presentedThumbprint, furtherKeyCount: keys - 1 }
      await raiseAlert({ tx, accountId }, { kind: 'PUBLIC_KEY_MISMATCH', details })
    })
  }
  return due.length === batchMax
}
