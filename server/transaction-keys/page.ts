import { and, eq, or, sql } from 'drizzle-orm'
import type { TransactionKeyPage, TransactionKeyPageArguments } from '../../schema/graphql/context.ts'
import { transactionKeys, transactionKeyUsage } from '../../schema/tables/index.ts'
import { badInput } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import type { Database } from '../database/connect.ts'
import { parsePageSize } from '../lib/page-size.ts'
import { cursorOf, isBeyond, orderBy } from './page-order.ts'
import { ofSameKey, selectTransactionKeys, stateExpression } from './transaction-key-rows.ts'

/**
 * Reads one page of an account's keys, newest first unless `sort` says otherwise. The cursor is a key's position in that
 * order, so that keys that are stored meanwhile shift nothing.
 *
 * @throws {KeyServerError} BAD_USER_INPUT
 */
export async function selectPage(
  db: Database,
  accountId: string,
  { first, after, applicationServer, state, search, sort: asked }: TransactionKeyPageArguments,
): Promise<TransactionKeyPage> {
  const size = parsePageSize(first, 'first')
  const sort = asked ?? 'NEWEST'
  const beyondCursor =
    after === null || after === undefined ? undefined : isBeyond(after, { sort, accountId })
  const filter = and(
    eq(transactionKeys.accountId, accountId),
    applicationServer === null || applicationServer === undefined ? undefined : isOfServer(applicationServer),
    state === null || state === undefined ? undefined : sql`${stateExpression} = ${state}`,
    search === null || search === undefined || search === '' ? undefined : contains(search),
  )
  const keys = await selectTransactionKeys(db, and(filter, beyondCursor))
    .orderBy(...orderBy(sort))
    .limit(size + 1)
  return {
    edges: keys.slice(0, size).map((node) => ({ cursor: cursorOf(node, sort), node })),
    hasNextPage: keys.length > size,
    hasPreviousPage: beyondCursor !== undefined,
    totalCount: async () => {
      const [row] = await db
        .select({ count: sql<number>`count(*)::int` })
        .from(transactionKeys)
        .innerJoin(transactionKeyUsage, ofSameKey)
        .where(filter)
      return row?.count ?? 0
    },
  }
}

/** PostgreSQL cannot store NUL or unpaired surrogates, so no key has them in its names. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

function isOfServer(name: string) {
  return isStorable(name) ? eq(transactionKeys.applicationServer, name) : sql`false`
}

/** A part of the application server's name or of the label, in whatever case: by the rules of the database's locale. */
function contains(part: string) {
  if (part.length > limits.applicationServerCharactersMax) {
    const most = String(limits.applicationServerCharactersMax)
    throw badInput('search', `A search has at most ${most} characters.`)
  }
  if (!isStorable(part)) return sql`false`
  const isIn = (column: typeof transactionKeys.applicationServer | typeof transactionKeys.label) =>
    sql`strpos(lower(${column}), lower(${part})) > 0`
  return or(isIn(transactionKeys.applicationServer), isIn(transactionKeys.label))
}
