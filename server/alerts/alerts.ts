import { and, eq, isNull, lte, sql } from 'drizzle-orm'
import type { AlertPage, AlertPageArguments, AlertsPort } from '../../schema/graphql/context.ts'
import type { Account, Alert } from '../../schema/graphql/domain.ts'
import { accounts, alerts } from '../../schema/tables/index.ts'
import { badInput } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import type { Authentication } from '../authentication/authentication.ts'
import type { RequestCaller } from '../authentication/request-caller.ts'
import type { Databases, Executor } from '../database/connect.ts'
import { parsePosition, selectAlertPage } from './alert-page.ts'
import { prepareAlertsAfter, type AlertsAfter } from './alert-rows.ts'
import { assertNoneRemoved, cursorExpired } from './retention.ts'
import type { DurableStreams } from '../streams/durable-streams.ts'

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
    const position = parsePosition(after, 'after')
    const { accountId, managementKeyId } = await this.#authentication.verify(caller)
    const db = this.#databases.reads.db
    return this.#streams.open({
      holderId: accountId,
      keyId: managementKeyId,
      begin: async () => {
        await this.#authentication.claim(caller)
        return startPosition(db, accountId, position)
      },
      read: async (from) => {
        const page = await this.#selectAfter(accountId, { after: from, limit: limits.batchMax })
        assertNoneRemoved(from, page)
        const wanted = kinds === null ? page : page.filter(({ kind }) => kinds.includes(kind))
        return { items: wanted, seen: page.at(-1)?.position ?? from }
      },
    })
  }

  async acknowledge(caller: RequestCaller, upTo: string): Promise<number> {
    const position = parsePosition(upTo, 'upTo')
    if (position === null) throw badInput('upTo', 'This is not a cursor of an alert.')
    return this.#authentication.transaction(caller, async ({ tx, accountId }) => {
      const marked = await tx
        .update(alerts)
        .set({ acknowledgedAt: sql`clock_timestamp()` })
        .where(
          and(eq(alerts.accountId, accountId), lte(alerts.position, position), isNull(alerts.acknowledgedAt)),
        )
        .returning({ position: alerts.position })
      return marked.length
    })
  }
}

/**
 * Where a subscription begins: at the asked position, or without one at the newest alert. A position that this stream
 * does not hold any more, or not yet (the database was set back), would be silence, and so is refused.
 */
async function startPosition(db: Executor, accountId: string, asked: number | null): Promise<number> {
  const [account] = await db
    .select({ newest: accounts.alertPosition, floor: accounts.alertFloor })
    .from(accounts)
    .where(eq(accounts.id, accountId))
  if (account === undefined) throw new TypeError('A signer has an account.')
  if (asked === null) return account.newest
  if (asked < account.floor || asked > account.newest) {
    throw cursorExpired()
  }
  return asked
}
