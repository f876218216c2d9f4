import { sql as fragment } from 'drizzle-orm'
import type postgres from 'postgres'
import { raiseAlert } from '../alerts/raise.ts'
import type { Databases } from '../database/connect.ts'
import { runTransaction } from '../database/transaction.ts'
import type { Mismatch } from './mismatch-queue.ts'

/** Maximum number of alerts about one key each, in an hour, for one application server of an account. */
export const mismatchAlertsPerHour = 20

/**
 * Maximum number of keys that wait for a common alert, for one application server of an account. Further keys are not
 * counted.
 */
const waitingMax = 1_000
/** The minimum wait of the first of them, and the time between two such alerts. */
const sumUpAfterSeconds = 60
const sumUpEverySeconds = 600
/** Maximum number of common alerts in one run. */
const batchMax = 100

/**
 * Selects the mismatches that concern an account: most concern none.
 *
 * @returns those to alert one by one, and those to alert together
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
 * Raises an alert about one key, unless there was one within the hour. It holds the account's lock, so that concurrent servers
 * count each other's alerts.
 *
 * @returns false when the hour has all of its alerts
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

/** Keeps mismatches beyond the hour's alerts, for a common alert. */
export async function recordWaiting(sql: postgres.Sql, mismatches: readonly Mismatch[]): Promise<void> {
  await sql`
    SELECT record_waiting_mismatches(
      ${mismatches.map(({ accountId }) => accountId)}::uuid[],
      ${mismatches.map(({ applicationServer }) => applicationServer)}::text[],
      ${mismatches.map(({ thumbprint }) => thumbprint)}::text[])`
}

/**
 * Raises the common alerts that are due: one for each application server of an account. It names one key and counts the others.
 *
 * @returns whether more may be due
 */
export async function sumUpWaiting({ sql, db }: Pick<Databases['writes'], 'sql' | 'db'>): Promise<boolean> {
  const due = await sql<{ account_id: string; application_server: string }[]>`
    SELECT * FROM mismatches_to_sum_up(${sumUpAfterSeconds}, ${sumUpEverySeconds}, ${batchMax})`
  for (const { account_id: accountId, application_server: applicationServer } of due) {
    await runTransaction(db, async (tx) => {
      await tx.execute(fragment`SELECT FROM accounts WHERE id = ${accountId} FOR NO KEY UPDATE`)
      // Another server may have come first: then nothing is left.
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
