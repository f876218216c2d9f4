import { and, desc, eq, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { TransactionKeyPage, TransactionKeyPageArguments } from '../../schema/graphql/context.ts'
import type { TransactionKey } from '../../schema/graphql/domain.ts'
import { transactionKeys, transactionKeyUsage } from '../../schema/tables/index.ts'
import { decodeCursor, encodeCursor } from '../../schema/wire/cursor.ts'
import { badInput } from '../../schema/wire/errors.ts'
import type { Database } from '../database/connect.ts'
import { instant } from '../lib/input.ts'
import { parsePageSize } from '../lib/page-size.ts'
import { ofSameKey, selectTransactionKeys, stateExpression } from './transaction-key-rows.ts'

/**
 * Reads one page of an account's keys, newest first. The cursor is a key's position in that order, so that keys that
 * are stored meanwhile shift nothing.
 *
 * @throws {KeyServerError} BAD_USER_INPUT
 */
export async function selectPage(
  db: Database,
  accountId: string,
  { first, after, applicationServer, state }: TransactionKeyPageArguments,
): Promise<TransactionKeyPage> {
  const size = parsePageSize(first, 'first')
  const position = after === null || after === undefined ? null : parsePosition(after)
  const filter = and(
    eq(transactionKeys.accountId, accountId),
    applicationServer === null || applicationServer === undefined ? undefined : isOfServer(applicationServer),
    state === null || state === undefined ? undefined : sql`${stateExpression} = ${state}`,
  )
  const beyondCursor =
    position &&
    sql`(${transactionKeys.createdAt}, ${transactionKeys.id}) < (${position.createdAt}::timestamptz, ${position.id}::uuid)`
  const keys = await selectTransactionKeys(db, and(filter, beyondCursor ?? undefined))
    .orderBy(desc(transactionKeys.createdAt), desc(transactionKeys.id))
    .limit(size + 1)
  return {
    edges: keys.slice(0, size).map((node) => ({ cursor: cursorOf(node), node })),
    hasNextPage: keys.length > size,
    hasPreviousPage: position !== null,
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

/** PostgreSQL cannot store NUL or unpaired surrogates, so no key is for an application server of such a name. */
function isOfServer(name: string) {
  const isStorable = name.isWellFormed() && !name.includes('\0')
  return isStorable ? eq(transactionKeys.applicationServer, name) : sql`false`
}

const positionParser = z.tuple([instant, z.guid()])

function cursorOf({ createdAt, id }: TransactionKey): string {
  return encodeCursor('key', `${createdAt.toISOString()}/${id}`)
}

function parsePosition(cursor: string): { createdAt: string; id: string } {
  const position = positionParser.safeParse(decodeCursor('key', cursor)?.split('/'))
  if (!position.success) throw badInput('after', 'This is not a cursor of this connection.')
  const [createdAt, id] = position.data
  return { createdAt: createdAt.toISOString(), id }
}
