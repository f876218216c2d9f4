import { sql as fragment } from 'drizzle-orm'
import type postgres from 'postgres'
import { raiseAlert } from '../alerts/raise.ts'
import type { Databases } from '../database/connect.ts'
import { runTransaction } from '../database/transaction.ts'
import type { Mismatch } from './mismatch-queue.ts'

/** Alerts of one key each that an owner gets in an hour at most, for each application server, however many keys are shown. */
export const mismatchAlertsPerHour = 20

/** Keys that wait for an alert together, of one application server of an account. What is shown beyond is not counted. */
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
    WITH asked AS (
      SELECT * FROM unnest(
        ${mismatches.map(({ accountId }) => accountId)}::uuid[],
        ${mismatches.map(({ applicationServer }) => applicationServer)}::text[],
        ${mismatches.map(({ thumbprint }) => thumbprint)}::text[]
      ) WITH ORDINALITY AS asked (account_id, application_server, thumbprint, place)
    ), strange AS (
      SELECT *, row_number() OVER (PARTITION BY account_id, application_server ORDER BY place) AS rank
      FROM asked
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
            AND (m.telling = 'WAITING' OR m.alerted_at > statement_timestamp() - interval '1 hour'))
    ), counted AS (
      SELECT place,
        rank + (
          SELECT count(*) FROM mismatches m
          WHERE m.account_id = strange.account_id AND m.application_server = strange.application_server
            AND m.telling = 'ALERTED' AND m.alerted_at > statement_timestamp() - interval '1 hour') AS told,
        rank + (
          SELECT count(*) FROM mismatches m
          WHERE m.account_id = strange.account_id AND m.application_server = strange.application_server
            AND m.telling = 'WAITING') AS waiting
      FROM strange
    )
    SELECT place::int AS place, told <= ${mismatchAlertsPerHour} AS is_alone
    FROM counted
    WHERE told <= ${mismatchAlertsPerHour} OR waiting <= ${waitingMax}
    ORDER BY place`
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
    const [row] = await tx.execute<{ told: number }>(fragment`
      SELECT count(*)::int AS told FROM mismatches
      WHERE account_id = ${accountId} AND application_server = ${applicationServer}
        AND telling = 'ALERTED' AND alerted_at > statement_timestamp() - interval '1 hour'`)
    if ((row?.told ?? 0) >= mismatchAlertsPerHour) return false
    const recorded = await tx.execute(fragment`
      INSERT INTO mismatches AS m (account_id, application_server, presented_thumbprint, alerted_at)
      VALUES (${accountId}::uuid, ${applicationServer}::text, ${thumbprint}::text, statement_timestamp())
      ON CONFLICT (account_id, application_server, presented_thumbprint) DO UPDATE
      SET alerted_at = excluded.alerted_at, telling = 'ALERTED'
      WHERE m.alerted_at <= excluded.alerted_at - interval '1 hour' AND m.telling <> 'WAITING'
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
  // In one order, so that two servers do not wait for each other.
  await sql`
    INSERT INTO mismatches AS m (account_id, application_server, presented_thumbprint, alerted_at, telling)
    SELECT DISTINCT account_id, application_server, thumbprint, statement_timestamp(), 'WAITING'::mismatch_telling
    FROM unnest(
      ${mismatches.map(({ accountId }) => accountId)}::uuid[],
      ${mismatches.map(({ applicationServer }) => applicationServer)}::text[],
      ${mismatches.map(({ thumbprint }) => thumbprint)}::text[]
    ) AS beyond (account_id, application_server, thumbprint)
    ORDER BY account_id, application_server, thumbprint
    ON CONFLICT (account_id, application_server, presented_thumbprint) DO UPDATE
    SET alerted_at = excluded.alerted_at, telling = 'WAITING'
    WHERE m.alerted_at <= statement_timestamp() - interval '1 hour' AND m.telling <> 'WAITING'`
}

/**
 * Tells what waits: one alert for each application server of an account, which names one key and counts the others.
 *
 * @returns whether there may be more of them
 */
export async function sumUpWaiting({ sql, db }: Pick<Databases['writes'], 'sql' | 'db'>): Promise<boolean> {
  const due = await sql<{ account_id: string; application_server: string }[]>`
    SELECT account_id, application_server FROM mismatches waiting
    WHERE telling = 'WAITING'
    GROUP BY account_id, application_server
    HAVING min(alerted_at) <= statement_timestamp() - make_interval(secs => ${sumUpAfterSeconds})
      AND NOT EXISTS (
        SELECT FROM mismatches m
        WHERE m.account_id = waiting.account_id AND m.application_server = waiting.application_server
          AND m.telling = 'SUMMED_UP'
          AND m.alerted_at > statement_timestamp() - make_interval(secs => ${sumUpEverySeconds}))
    LIMIT ${batchMax}`
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
