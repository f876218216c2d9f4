import { and, eq, exists, isNull, lte, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { AlertsPort } from '../../schema/graphql/context.ts'
import type { Alert } from '../../schema/graphql/domain.ts'
import { alerts } from '../../schema/tables/index.ts'
import { badInput } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import { recordAudit } from '../audit/record.ts'
import type { SignedRequest } from '../auth/signed-request.ts'
import type { Databases } from '../database/connect.ts'
import { cursorPositionOf, type StoredList } from '../events/stored-list.ts'
import type { CursorPosition } from '../../schema/wire/cursor.ts'
import type { Meters } from '../observation/meters.ts'
import { alertList } from './alert-list.ts'
import { parseCursorPosition, selectAlertPage } from './alert-page.ts'
import { prepareAlertsAfter, type AlertsAfter } from './alert-rows.ts'
import type { DurableStreams } from '../events/durable-streams.ts'

type SubscribeOptions = Parameters<AlertsPort['subscribe']>[0]

/** Delivers, pages and acknowledges alerts. They are raised by whatever causes them, in its transaction. */
export class Alerts {
  readonly #databases: Databases
  readonly #streams: DurableStreams
  readonly #meters: Meters
  readonly #selectAfter: AlertsAfter
  readonly #readAfter: (accountId: string, after: CursorPosition) => Promise<readonly Alert[]>

  constructor(options: {
    readonly databases: Databases
    readonly streams: DurableStreams
    readonly meters: Meters
  }) {
    this.#databases = options.databases
    this.#meters = options.meters
    this.#streams = options.streams
    this.#selectAfter = prepareAlertsAfter(options.databases.reads.db)
    this.#readAfter = options.streams.share((accountId, after) => this.#listOf(accountId).after(after))
  }

  /** The port of one request. */
  forRequest(request: SignedRequest): AlertsPort {
    return {
      page: (account, page) => selectAlertPage(this.#databases.reads.db, account.id, page),
      subscribe: (options) => this.#subscribe(request, options),
      acknowledge: (upTo) => this.#acknowledge(request, upTo),
    }
  }

  async #subscribe(
    request: SignedRequest,
    { after, kinds }: SubscribeOptions,
  ): Promise<AsyncIterable<Alert>> {
    const asked = parseCursorPosition(after, 'after')
    const { accountId, managementKeyId } = await request.verify()
    const list = this.#listOf(accountId)
    const openedAt = new Date()
    return this.#streams.open({
      principalId: accountId,
      keyId: managementKeyId,
      begin: async () => {
        await request.consumeNonce()
        if (asked === null) return list.end()
        await list.assertGoesOn(asked)
        return asked
      },
      read: async (from) => {
        const page = await this.#readAfter(accountId, from)
        const newest = page.at(-1)
        const wanted = kinds === null ? page : page.filter(({ kind }) => kinds.includes(kind))
        for (const { occurredAt } of wanted) {
          // Alerts from before the subscription are not late.
          if (occurredAt >= openedAt)
            this.#meters.timeAlert(Math.max(0, Date.now() - occurredAt.getTime()) / 1_000)
        }
        const seen = newest === undefined ? from : cursorPositionOf(newest)
        return { items: wanted, seen, isWhole: page.length < limits.batchMax }
      },
    })
  }

  #listOf(accountId: string): StoredList<Alert> {
    return alertList(this.#databases.reads.db, accountId, { selectAfter: this.#selectAfter })
  }

  async #acknowledge(request: SignedRequest, upTo: string): Promise<number> {
    const last = parseCursorPosition(upTo, 'upTo')
    if (last === null) throw badInput('upTo', 'This is not a cursor of an alert.')
    const { position, atMs } = last
    return request.transaction(
      async (signed) => {
        const { tx, accountId } = signed
        if (position === 0) return 0
        // After the database was set back, the alert of an older cursor is missing: the subscriber has not seen those
        // that are there.
        const ofCursor = alias(alerts, 'of_cursor')
        const isThere = tx
          .select({ position: ofCursor.position })
          .from(ofCursor)
          .where(
            and(
              eq(ofCursor.accountId, accountId),
              eq(ofCursor.position, position),
              atMs === null ? undefined : eq(ofCursor.occurredAt, new Date(atMs)),
            ),
          )
        const marked = await tx
          .update(alerts)
          .set({ acknowledgedAt: sql`statement_timestamp()` })
          .where(
            and(
              eq(alerts.accountId, accountId),
              lte(alerts.position, position),
              isNull(alerts.acknowledgedAt),
              exists(isThere),
            ),
          )
          .returning({ position: alerts.position })
        if (marked.length > 0) await recordAudit(signed, [{ action: 'ALERTS_ACKNOWLEDGED' }])
        return marked.length
      },
      { allowsViewer: true },
    )
  }
}
