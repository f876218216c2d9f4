import type { Databases } from '../database/connect.ts'
import { disable } from '../webhooks/disable.ts'
import { isLastAttempt, retryDelayMs } from '../webhooks/backoff.ts'
import { recordFailed, recordSkipped, type LeasedChannel } from '../webhooks/lease.ts'
import { pauseSecondsMax } from '../webhooks/recall.ts'
import { beginBatch, dropBatch, eraseChannel, recordBatch, recordConfirmationSent } from './batch.ts'
import { readDigest } from './digest.ts'
import type { ChannelSender, SendOutcome } from './sender.ts'
import { openTarget } from './target.ts'

export interface ChannelDeliveryOptions {
  readonly databases: Databases
  readonly serverKeySecret: string
  readonly sender: ChannelSender
  /** For the jitter: a number from 0 to 1. */
  readonly random?: () => number
}

/** Mails are sent at longer intervals than short messages, and with more alerts. */
const styles = {
  mail: { pace: { pauseMin: 30, pauseMax: pauseSecondsMax }, shownMax: 20 },
  chat: { pace: { pauseMin: 5, pauseMax: 60 }, shownMax: 5 },
} as const

/**
 * Delivers to channels, each of which this server holds the lease of: one message about all alerts that are waiting, then a
 * pause in which further ones gather. A message that may have been taken is sent again as it was, a mail with the same
 * Message-ID; one that certainly was not taken is made anew.
 */
export class ChannelDelivery {
  readonly #options: ChannelDeliveryOptions

  constructor(options: ChannelDeliveryOptions) {
    this.#options = options
  }

  /** Sends what is to be sent next, and records it. The lease is not ended. */
  async deliver(channel: LeasedChannel, signal: AbortSignal): Promise<void> {
    const { databases, serverKeySecret, sender } = this.#options
    const { account_id: accountId, id } = channel
    const target = await openTarget(channel.sealed_secret, { accountId, id, serverKeySecret })
    const { sql } = databases.writes
    if (target === null) {
      await this.#fail(channel, { failure: 'SECRET_LOST', isCertain: true }, channel.now)
      return
    }
    const destination = { channel, target, signal }
    switch (channel.notice) {
      case 'CONFIRMATION': {
        const outcome = await sender.sendConfirmation(destination)
        if (outcome.failure === null) await recordConfirmationSent(sql, channel)
        else await this.#retry(channel, outcome.failure)
        return
      }
      case 'FAREWELL': {
        const outcome = await sender.sendFarewell(destination)
        if (outcome.failure === null) await eraseChannel(sql, channel)
        else await this.#retry(channel, outcome.failure)
        return
      }
      case null:
        await this.#deliverBatch(destination)
    }
  }

  async #deliverBatch(destination: Parameters<ChannelSender['sendDigest']>[0]): Promise<void> {
    const { channel } = destination
    const { databases, sender } = this.#options
    const { sql } = databases.writes
    const { shownMax, pace } = styles[channel.channel_kind === 'EMAIL' ? 'mail' : 'chat']
    const after = channel.position
    const end = channel.batch_end ?? channel.newest_position
    const digest = await readDigest(databases.reads.db, channel.account_id, {
      channelId: channel.id,
      after,
      upTo: end,
      kinds: channel.kinds,
      shownMax,
    })
    if (digest === null) {
      await recordSkipped(sql, channel, end)
      return
    }
    if (!(await beginBatch(sql, channel, end))) return
    const outcome = await sender.sendDigest(destination, digest, { after, end })
    if (outcome.failure === null) await recordBatch(sql, channel, { end, pace })
    else await this.#fail(channel, outcome, digest.alerts[0]?.occurredAt ?? channel.now)
  }

  /** Another attempt later, unless the receiver has refused messages for days or for good. */
  async #fail(
    channel: LeasedChannel,
    { failure, isCertain }: Exclude<SendOutcome, { failure: null }>,
    occurredAt: Date,
  ): Promise<void> {
    const { databases } = this.#options
    const { settled, failing_since: failingSince } = channel
    if (
      isForGood(failure) ||
      (isOfReceiver(failure) && isLastAttempt({ now: settled, failingSince, occurredAt }))
    ) {
      await disable(databases, channel, failure)
      return
    }
    if (isCertain) await dropBatch(databases.writes.sql, channel)
    await this.#retry(channel, failure)
  }

  async #retry(channel: LeasedChannel, failure: string): Promise<void> {
    const random = this.#options.random ?? Math.random
    const delayMs = retryDelayMs(channel.attempts + 1, random())
    await recordFailed(this.#options.databases.writes.sql, channel, { failure, delayMs })
  }
}

/** RFC 9110 §15.5.11: the receiver does not want to be asked again. */
function isForGood(failure: string): boolean {
  return failure === 'HTTP_410'
}

/** The receiver refuses. A receiver that is down, or a wrong setting at this server, is tried again for as long as it takes. */
function isOfReceiver(failure: string): boolean {
  return (
    ['RECIPIENT_REFUSED', 'URL_REFUSED', 'ADDRESS_REFUSED', 'REDIRECTED', 'SECRET_LOST'].includes(failure) ||
    (failure.startsWith('HTTP_4') && !['HTTP_408', 'HTTP_429'].includes(failure))
  )
}
