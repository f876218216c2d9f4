import { and, eq, exists, isNull, lte, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { AlertPage, AlertPageArguments, AlertsPort } from '../../schema/graphql/context.ts'
import type { Account, Alert } from '../../schema/graphql/domain.ts'
import { alerts } from '../../schema/tables/index.ts'
import { badInput } from '../../schema/wire/errors.ts'
import type { Authentication } from '../auth/authentication.ts'
import type { RequestCaller } from '../auth/signed-request.ts'
import type { Databases } from '../database/connect.ts'
import { cursorPositionOf } from '../events/stored-list.ts'
import { alertList } from './alert-list.ts'
import { parseCursorPosition, selectAlertPage } from './alert-page.ts'
import { prepareAlertsAfter, type AlertsAfter } from './alert-rows.ts'
import type { DurableStreams } from '../events/durable-streams.ts'

type SubscribeOptions = Parameters<AlertsPort['subscribe']>[1]

/** Delivers, pages and acknowledges alerts. They are raised by whatever causes them, in its transaction. */
export class Alerts implements AlertsPort {
  readonly #authentication: Authentication
  readonly #databases: Databases
  readonly #streams: DurableStreams
  readonly #selectAfter: AlertsAfter

  constructor(
    authentication: Authentication,
    options: { readonly databases: Databases; readonly streams: DurableStreams },
  ) {
    this.#authentication = authentication
    this.#databases = options.databases
    this.#streams = options.streams
    this.#selectAfter = prepareAlertsAfter(options.databases.reads.db)
  }

  page(account: Account, page: AlertPageArguments): Promise<AlertPage> {
    return selectAlertPage(this.#databases.reads.db, account.id, page)
  }

  async subscribe(caller: RequestCaller, { after, kinds }: SubscribeOptions): Promise<AsyncIterable<Alert>> {
    const asked = parseCursorPosition(after, 'after')
    const { accountId, managementKeyId } = await this.#authentication.verify(caller)
    const list = alertList(this.#databases.reads.db, accountId, { selectAfter: this.#selectAfter })
    return this.#streams.open({
      holderId: accountId,
      keyId: managementKeyId,
      begin: async () => {
        await this.#authentication.claim(caller)
        if (asked === null) return list.end()
        await list.assertGoesOn(asked)
        return asked
      },
      read: async (from) => {
        const page = await list.after(from)
        const newest = page.at(-1)
        const wanted = kinds === null ? page : page.filter(({ kind }) => kinds.includes(kind))
        return { items: wanted, seen: newest === undefined ? from : cursorPositionOf(newest) }
      },
    })
  }

  async acknowledge(caller: RequestCaller, upTo: string): Promise<number> {
    const bookmark = parseCursorPosition(upTo, 'upTo')
    if (bookmark === null) throw badInput('upTo', 'This is not a cursor of an alert.')
    const { position, atMs } = bookmark
    return this.#authentication.transaction(caller, async ({ tx, accountId }) => {
      if (atMs === null) return 0
      // The alert of a cursor from before the database was set back is not there: its holder has not seen what is.
      const ofCursor = alias(alerts, 'of_cursor')
      const isThere = tx
        .select({ position: ofCursor.position })
        .from(ofCursor)
        .where(
          and(
            eq(ofCursor.accountId, accountId),
            eq(ofCursor.position, position),
            eq(ofCursor.occurredAt, new Date(atMs)),
          ),
        )
      const marked = await tx
        .update(alerts)
        .set({ acknowledgedAt: sql`clock_timestamp()` })
        .where(
          and(
            eq(alerts.accountId, accountId),
            lte(alerts.position, position),
            isNull(alerts.acknowledgedAt),
            exists(isThere),
          ),
        )
        .returning({ position: alerts.position })
      return marked.length
    })
  }
}
