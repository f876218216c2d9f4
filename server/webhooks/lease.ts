import { randomUUID } from 'node:crypto'
import type postgres from 'postgres'
import type { WebhookFailure } from './post.ts'
import type { AlertKind } from '../../schema/wire/enums.ts'

/** A webhook that is this server's to deliver to, until its lease runs out. */
export interface LeasedWebhook {
  readonly account_id: string
  readonly id: string
  readonly lease: string
  readonly url: string
  readonly kinds: readonly AlertKind[] | null
  readonly sealed_secret: string
  readonly position: number
  readonly attempts: number
  readonly failing_since: Date | null
  readonly is_redelivery_asked: boolean
  /** The database's clock when the lease was taken. */
  readonly now: Date
  /** The time that had come for certain then (docs/adr/0015-settled-clock.md). */
  readonly settled: Date
}

/** How long a lease holds: longer than a post takes. Each write of a delivery renews it. */
export const leaseSeconds = 60

/** Takes webhooks that are due, each by one server; those longest due first. */
export async function leaseWebhooks(sql: postgres.Sql, limit: number): Promise<LeasedWebhook[]> {
  const rows = await sql<(Omit<LeasedWebhook, 'position'> & { readonly position: string })[]>`
    WITH due AS (
      SELECT account_id, id, statement_timestamp() AS now, greatest(settled_clock(), 'epoch') AS settled
      FROM webhooks
      WHERE due_at <= statement_timestamp() AND (leased_until IS NULL OR leased_until <= statement_timestamp())
      ORDER BY due_at
      LIMIT ${limit}
      FOR UPDATE SKIP LOCKED
    )
    UPDATE webhooks
    SET lease = ${randomUUID()}, leased_until = statement_timestamp() + make_interval(secs => ${leaseSeconds})
    FROM due
    WHERE webhooks.account_id = due.account_id AND webhooks.id = due.id
    RETURNING webhooks.account_id, webhooks.id, lease, url, array_to_json(kinds) AS kinds, sealed_secret,
      position::text, attempts, failing_since, is_redelivery_asked, due.now, due.settled`
  return rows.map((row) => ({ ...row, position: Number(row.position) }))
}

/*
 * What a delivery writes. Each answers false, and has changed nothing, when the lease is no longer held: the webhook was
 * removed, or another server has taken over. Each is one statement that locks this one webhook.
 */

export async function recordDelivered(
  sql: postgres.Sql,
  webhook: LeasedWebhook,
  position: number,
): Promise<boolean> {
  const rows = await sql`
    UPDATE webhooks
    SET position = ${position}, last_delivered_at = statement_timestamp(), attempts = 0, failing_since = NULL,
      failure = NULL, leased_until = statement_timestamp() + make_interval(secs => ${leaseSeconds})
    WHERE account_id = ${webhook.account_id} AND id = ${webhook.id} AND lease = ${webhook.lease}`
  return rows.count === 1
}

/** Alerts of kinds that were not asked for. */
export async function recordSkipped(
  sql: postgres.Sql,
  webhook: LeasedWebhook,
  position: number,
): Promise<boolean> {
  const rows = await sql`
    UPDATE webhooks
    SET position = ${position}, leased_until = statement_timestamp() + make_interval(secs => ${leaseSeconds})
    WHERE account_id = ${webhook.account_id} AND id = ${webhook.id} AND lease = ${webhook.lease}`
  return rows.count === 1
}

export async function recordDead(
  sql: postgres.Sql,
  webhook: LeasedWebhook,
  { position, failure }: { readonly position: number; readonly failure: WebhookFailure },
): Promise<boolean> {
  const rows = await sql`
    WITH moved AS (
      UPDATE webhooks
      SET position = ${position}, attempts = attempts + 1, failure = ${failure},
        leased_until = statement_timestamp() + make_interval(secs => ${leaseSeconds})
      WHERE account_id = ${webhook.account_id} AND id = ${webhook.id} AND lease = ${webhook.lease}
      RETURNING account_id, id
    )
    INSERT INTO webhook_dead_letters (account_id, webhook_id, position, failed_at, failure)
    SELECT account_id, id, ${position}, statement_timestamp(), ${failure} FROM moved
    RETURNING 1`
  return rows.count === 1
}

/** Ends the lease with a later attempt, or with none when the receiver is gone. */
export async function recordFailed(
  sql: postgres.Sql,
  webhook: LeasedWebhook,
  { failure, delayMs }: { readonly failure: WebhookFailure; readonly delayMs: number | null },
): Promise<void> {
  await sql`
    UPDATE webhooks
    SET attempts = attempts + 1, failing_since = coalesce(failing_since, clock.now), failure = ${failure},
      due_at = clock.now + make_interval(secs => ${delayMs === null ? null : delayMs / 1000}::float8),
      disabled_at = CASE WHEN ${delayMs === null}::boolean THEN clock.now END,
      lease = NULL, leased_until = NULL
    FROM (SELECT statement_timestamp() AS now) AS clock
    WHERE account_id = ${webhook.account_id} AND id = ${webhook.id} AND lease = ${webhook.lease}`
}

/** Ends the lease; what came meanwhile is due at once. */
export async function release(sql: postgres.Sql, webhook: LeasedWebhook): Promise<void> {
  await sql`
    UPDATE webhooks
    SET lease = NULL, leased_until = NULL,
      due_at = CASE WHEN disabled_at IS NULL AND (newest_position > position OR is_redelivery_asked)
        THEN clock.now END
    FROM (SELECT statement_timestamp() AS now) AS clock
    WHERE account_id = ${webhook.account_id} AND id = ${webhook.id} AND lease = ${webhook.lease}`
}
