import type postgres from 'postgres'
import { leaseSeconds, type LeasedChannel } from '../webhooks/lease.ts'

/*
 * The writes of the delivery to a channel, as the holder of its lease: each is one statement that changes nothing when
 * the lease is no longer held. A message is about a batch, the alerts after the channel's position up to the batch's
 * end. The end is written before the message is sent, so that a server which takes over sends the same message and not
 * a similar one.
 */

/** @returns whether the lease is still held */
export async function beginBatch(sql: postgres.Sql, channel: LeasedChannel, end: number): Promise<boolean> {
  const rows = await sql`
    UPDATE webhooks
    SET batch_end = ${end}, leased_until = statement_timestamp() + make_interval(secs => ${leaseSeconds})
    WHERE account_id = ${channel.account_id} AND id = ${channel.id} AND lease = ${channel.lease}`
  return rows.count === 1
}

/** The bounds of the pause between two messages to a channel, in seconds. */
export interface Pace {
  readonly pauseMin: number
  readonly pauseMax: number
}

/**
 * Records that the message was taken. A second one may follow at once. After that, alerts are gathered before each message, for
 * twice as long as before the last one, until there have been none for a while: a flood of alerts does not become a flood of
 * messages.
 */
export async function recordBatch(
  sql: postgres.Sql,
  channel: LeasedChannel,
  { end, pace: { pauseMin, pauseMax } }: { readonly end: number; readonly pace: Pace },
): Promise<void> {
  await sql`
    SELECT record_channel_batch(
      ${channel.account_id}, ${channel.id}, ${channel.lease}, ${end}, ${pauseMin}, ${pauseMax})`
}

/** Records that the message was certainly not taken: the next attempt may include alerts that have come since. */
export async function dropBatch(sql: postgres.Sql, channel: LeasedChannel): Promise<void> {
  await sql`
    UPDATE webhooks SET batch_end = NULL
    WHERE account_id = ${channel.account_id} AND id = ${channel.id} AND lease = ${channel.lease}`
}

/** Records that the confirmation mail was taken. Nothing more is sent until it is answered. */
export async function recordConfirmationSent(sql: postgres.Sql, channel: LeasedChannel): Promise<void> {
  await sql`
    UPDATE webhooks
    SET due_at = NULL, attempts = 0, failing_since = NULL, failure = NULL
    WHERE account_id = ${channel.account_id} AND id = ${channel.id} AND lease = ${channel.lease}`
}

/** Erases a channel that has been told of its removal. */
export async function eraseChannel(sql: postgres.Sql, channel: LeasedChannel): Promise<void> {
  await sql`
    DELETE FROM webhooks
    WHERE account_id = ${channel.account_id} AND id = ${channel.id} AND lease = ${channel.lease}
      AND notice = 'FAREWELL'`
}
