import { randomUUID } from 'node:crypto'
import type postgres from 'postgres'
import type { AlertKind, ChannelKind, ChannelLanguage } from '../../schema/wire/enums.ts'

/** A webhook or channel that this server delivers to until the lease runs out. */
export interface Leased {
  readonly account_id: string
  readonly id: string
  readonly lease: string
  /** Host and port that messages go to, or a digest of it. */
  readonly host: string
  /** It took the last message that it was sent. */
  readonly is_proven: boolean
  readonly kinds: readonly AlertKind[] | null
  readonly sealed_secret: string
  readonly position: number
  readonly attempts: number
  readonly failing_since: Date | null
  readonly is_redelivery_asked: boolean
  /** The database's clock when the lease was taken. */
  readonly now: Date
  /** The settled clock then (docs/adr/0015-settled-clock.md). */
  readonly settled: Date
}

export interface LeasedWebhook extends Leased {
  readonly channel_kind: null
  readonly url: string
}

/** A channel: `sealed_secret` is its target. */
export interface LeasedChannel extends Leased {
  readonly channel_kind: ChannelKind
  readonly language: ChannelLanguage
  readonly notice: 'CONFIRMATION' | 'FAREWELL' | null
  readonly batch_end: number | null
  /** The account's newest alert when the lease was taken. */
  readonly newest_position: number
}

/** How many more webhooks this server may lease. */
export interface FreeCapacity {
  readonly proven: number
  readonly unproven: number
  /** The webhooks that it posts to at present. */
  readonly busy: readonly Pick<Leased, 'account_id' | 'host' | 'is_proven'>[]
}

/** Webhooks of an account, and of one host and port, that a server posts to at once. */
const perAccountMax = 2
const perProvenHostMax = 64
const perUnprovenHostMax = 8

/** How long a lease holds: longer than a post takes. Each write of a delivery renews it. */
export const leaseSeconds = 60

/**
 * Leases webhooks that are due, each to one server: those that took the last message before those that did not, and of
 * both those that are longest due first; of an account and of a host no more than it may have.
 */
export async function leaseWebhooks(
  sql: postgres.Sql,
  { proven, unproven, busy }: FreeCapacity,
): Promise<(LeasedWebhook | LeasedChannel)[]> {
  const rows = await sql<(LeasedRow<LeasedWebhook> | LeasedRow<LeasedChannel>)[]>`
    SELECT * FROM lease_webhooks(
      ${busy.map(({ account_id }) => account_id)}::uuid[],
      ${busy.map(({ host }) => host)}::text[],
      ${busy.map(({ is_proven }) => String(is_proven))}::text[]::boolean[],
      ${perAccountMax}, ${perProvenHostMax}, ${perUnprovenHostMax}, ${proven}, ${unproven},
      ${randomUUID()}, ${leaseSeconds})`
  return rows.map(toLeased)
}

/** 64-bit integers as PostgreSQL writes them. */
type LeasedRow<T extends Leased> = Omit<T, 'position' | 'batch_end' | 'newest_position'> & {
  readonly position: string
  readonly batch_end: string | null
  readonly newest_position: string
}

function toLeased(row: LeasedRow<LeasedWebhook> | LeasedRow<LeasedChannel>): LeasedWebhook | LeasedChannel {
  const position = Number(row.position)
  if (row.channel_kind === null) return { ...row, position }
  return {
    ...row,
    position,
    batch_end: row.batch_end === null ? null : Number(row.batch_end),
    newest_position: Number(row.newest_position),
  }
}

/*
 * The writes of a delivery. When the lease is no longer held, because the webhook was removed or another server has taken
 * over, they change nothing. Each is one statement that locks this one webhook.
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

/** Passes over alerts of kinds that the webhook does not ask for. */
export async function recordSkipped(sql: postgres.Sql, webhook: Leased, position: number): Promise<boolean> {
  const rows = await sql`
    UPDATE webhooks
    SET position = ${position}, leased_until = statement_timestamp() + make_interval(secs => ${leaseSeconds})
    WHERE account_id = ${webhook.account_id} AND id = ${webhook.id} AND lease = ${webhook.lease}`
  return rows.count === 1
}

/** Ends the lease; the next attempt is later, or never when the receiver is gone. */
export async function recordFailed(
  sql: postgres.Sql,
  webhook: Leased,
  { failure, delayMs }: { readonly failure: string; readonly delayMs: number | null },
): Promise<void> {
  await sql`
    SELECT record_failed_delivery(
      ${webhook.account_id}, ${webhook.id}, ${webhook.lease}, ${failure}, ${delayMs === null ? null : delayMs / 1000})`
}

/** Ends the lease; alerts that came meanwhile are due at once. */
export async function release(sql: postgres.Sql, webhook: Leased): Promise<void> {
  await sql`
    UPDATE webhooks
    SET lease = NULL, leased_until = NULL,
      due_at = CASE
        -- It may have been removed meanwhile.
        WHEN notice IS NOT NULL THEN due_at
        WHEN disabled_at IS NULL AND (newest_position > position OR is_redelivery_asked)
        THEN greatest(clock.now, paused_until) END
    FROM (SELECT statement_timestamp() AS now) AS clock
    WHERE account_id = ${webhook.account_id} AND id = ${webhook.id} AND lease = ${webhook.lease}`
}
