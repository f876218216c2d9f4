import type { Logger } from 'pino'
import type postgres from 'postgres'
import type { Alert } from '../../schema/graphql/domain.ts'
import { prepareAlertsAfter, selectAlertsAt, type AlertsAfter } from '../alerts/alert-rows.ts'
import type { Databases } from '../database/connect.ts'
import { isTrouble } from '../database/trouble.ts'
import { traceAlone, type Traces } from '../lib/traces.ts'
import { isLastAttempt, retryDelayMs } from './backoff.ts'
import { nextAskedLetter, postponeRedelivery, recordRedelivered, takeRedelivery } from './dead-letters.ts'
import { disable } from './disable.ts'
import {
  leaseWebhooks,
  recordDelivered,
  recordFailed,
  recordSkipped,
  release,
  type LeasedChannel,
  type LeasedWebhook,
} from './lease.ts'
import { createWebhookMessage } from './message.ts'
import { postWebhook, type PostOptions, type WebhookFailure } from './post.ts'
import { recordDead } from './record-dead.ts'
import { openWebhookSecret } from './secret.ts'

export interface WebhookDeliveryOptions extends Pick<PostOptions, 'allowsPrivate' | 'resolve'> {
  /** Opens the webhooks' secrets. */
  readonly serverKeySecret: string
  readonly traces: Traces
  readonly log: Logger
  /** How long a receiver may take to answer. */
  readonly timeoutMs?: number
  /** Sends a channel what it is to be sent next, and records that. It ends early when the signal is aborted. */
  readonly deliverToChannel: (channel: LeasedChannel, signal: AbortSignal) => Promise<void>
  /** For the jitter: a number from 0 to 1. */
  readonly random?: () => number
}

/**
 * Webhooks that this server posts to at once. Those that did not take the last message, or never took any, are counted
 * apart: however many silent receivers strangers set, those that work do not wait for them. A slow receiver holds its post
 * up for the time-out at most.
 */
const provenMax = 64
const unprovenMax = 192
/** How long a turn is: then other webhooks have theirs. */
const turnMs = 30_000
const pageMax = 100
/** RFC 9110 §15.5.11: the receiver does not want to be asked again. */
const gone = 'HTTP_410'

/**
 * Posts alerts to webhooks: to each webhook in order and one at a time, the next when it has taken the one before. Any
 * number of servers do so at once; each webhook is leased to one of them. When a server ends between a post and its record,
 * the alert is posted again, with the same id.
 */
export class WebhookDelivery {
  readonly #databases: Databases
  readonly #selectAfter: AlertsAfter
  readonly #options: WebhookDeliveryOptions
  readonly #underWay = new Map<Promise<void>, LeasedWebhook | LeasedChannel>()
  readonly #stopping = new AbortController()

  constructor(databases: Databases, options: WebhookDeliveryOptions) {
    this.#databases = databases
    this.#selectAfter = prepareAlertsAfter(databases.reads.db)
    this.#options = options
  }

  /**
   * Begins to deliver to webhooks that are due, as many as this server may post to.
   *
   * @param sql of the node that holds them
   * @returns false: those that are left wait until another turn ends
   */
  async begin(sql: postgres.Sql): Promise<boolean> {
    if (this.#stopping.signal.aborted) return false
    const busy = [...this.#underWay.values()]
    const provenCount = busy.filter(({ is_proven: isProven }) => isProven).length
    const leased = await leaseWebhooks(sql, {
      proven: provenMax - provenCount,
      unproven: unprovenMax - (busy.length - provenCount),
      busy,
    })
    for (const webhook of leased) {
      const attributes = { 'claviger.channel': webhook.channel_kind ?? 'WEBHOOK' }
      const turn = traceAlone(this.#options.traces, { name: 'delivery', attributes }, () =>
        this.#deliver(webhook),
      )
        .catch((error: unknown) => {
          // Its lease runs out, and then it has another turn.
          if (this.#stopping.signal.aborted) return
          this.#options.log[isTrouble(error) ? 'warn' : 'error'](
            { err: error },
            'a delivery to a webhook failed',
          )
        })
        .finally(() => this.#underWay.delete(turn))
      this.#underWay.set(turn, webhook)
    }
    return false
  }

  /** Breaks off what is under way. Its alerts are posted again by the next server. */
  async end(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#underWay.keys())
  }

  async #deliver(webhook: LeasedWebhook | LeasedChannel): Promise<void> {
    try {
      if (webhook.channel_kind !== null) {
        await this.#options.deliverToChannel(webhook, this.#stopping.signal)
        return
      }
      const turn = new Turn(webhook)
      const isUpToDate = await this.#deliverNews(turn)
      if (isUpToDate && webhook.is_redelivery_asked) await this.#redeliver(turn)
    } finally {
      await release(this.#databases.writes.sql, webhook)
    }
  }

  /** Answers whether all was delivered. When not, the lease has ended, or the time of this turn. */
  async #deliverNews(turn: Turn): Promise<boolean> {
    const { webhook } = turn
    const { writes } = this.#databases
    let { position } = webhook
    while (!turn.isOver()) {
      const page = await this.#selectAfter(webhook.account_id, { after: position, limit: pageMax })
      let recorded = position
      for (const alert of page) {
        position = alert.position
        if (alert.kind !== 'CHANNEL_CHANGED' && webhook.kinds?.includes(alert.kind) === false) continue
        const isTaken = await this.#deliverOne(turn, alert)
        if (!isTaken || turn.isOver()) return false
        recorded = position
      }
      if (recorded < position && !(await recordSkipped(writes.sql, webhook, position))) return false
      if (page.length < pageMax) return true
    }
    return false
  }

  /** Answers whether the next alert may follow. */
  async #deliverOne(turn: Turn, alert: Alert): Promise<boolean> {
    const { webhook } = turn
    const { sql } = this.#databases.writes
    const failure = await this.#post(turn, alert)
    if (failure === null) {
      turn.failures = 0
      turn.failingSince = null
      return recordDelivered(sql, webhook, alert.position)
    }
    turn.failures++
    const { failingSince } = turn
    turn.failingSince ??= turn.now()
    if (failure === gone) {
      await disable(this.#databases, webhook, failure)
      return false
    }
    if (isLastAttempt({ now: webhook.settled, failingSince, occurredAt: alert.occurredAt })) {
      return recordDead(this.#databases, webhook, { position: alert.position, failure })
    }
    const random = this.#options.random ?? Math.random
    await recordFailed(sql, webhook, { failure, delayMs: retryDelayMs(turn.failures, random()) })
    return false
  }

  /** Posts each dead letter that the owner asked for once. */
  async #redeliver(turn: Turn): Promise<void> {
    const { webhook } = turn
    const { writes, reads } = this.#databases
    if (!(await takeRedelivery(writes.sql, webhook))) return
    for (;;) {
      const position = await nextAskedLetter(writes.sql, webhook)
      if (position === null) return
      if (turn.isOver()) {
        await postponeRedelivery(writes.sql, webhook)
        return
      }
      const [alert] = await selectAlertsAt(reads.db, webhook.account_id, [position])
      const failure = alert === undefined ? null : await this.#post(turn, alert)
      await recordRedelivered(writes.sql, webhook, { position, failure })
    }
  }

  async #post(turn: Turn, alert: Alert): Promise<WebhookFailure | null> {
    const { account_id: accountId, id, url, sealed_secret: sealed } = turn.webhook
    const { serverKeySecret, allowsPrivate, resolve, timeoutMs = 10_000 } = this.#options
    const secret = await openWebhookSecret(sealed, { accountId, id, serverKeySecret })
    if (secret === null) return 'SECRET_LOST'
    const message = createWebhookMessage(alert, { secret, sentAt: turn.now() })
    return postWebhook(message, {
      url,
      allowsPrivate,
      ...(resolve && { resolve }),
      timeoutMs,
      signal: this.#stopping.signal,
    })
  }
}

/** One lease's worth of deliveries, and how they go. */
class Turn {
  readonly webhook: LeasedWebhook
  failures: number
  failingSince: Date | null
  readonly #beganMs = performance.now()

  constructor(webhook: LeasedWebhook) {
    this.webhook = webhook
    this.failures = webhook.attempts
    this.failingSince = webhook.failing_since
  }

  /** The database's clock. */
  now(): Date {
    return new Date(this.webhook.now.getTime() + performance.now() - this.#beganMs)
  }

  isOver(): boolean {
    return performance.now() - this.#beganMs > turnMs
  }
}
