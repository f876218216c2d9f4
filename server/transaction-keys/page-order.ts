import { asc, desc, sql, type SQL } from 'drizzle-orm'
import { z } from 'zod'
import type { TransactionKey } from '../../schema/graphql/domain.ts'
import { transactionKeys, transactionKeyUsage } from '../../schema/tables/index.ts'
import { decodeCursor, encodeCursor } from '../../schema/wire/cursor.ts'
import type { TransactionKeySort } from '../../schema/wire/enums.ts'
import { badInput } from '../../schema/wire/errors.ts'
import { instant } from '../lib/input.ts'

/** How one order sorts: by `value` in SQL, then by id in the same direction, so that no two keys have the same position. */
interface Order {
  readonly isDescending: boolean
  readonly value: SQL
  /** The value as a cursor carries it. */
  readonly read: (key: TransactionKey) => string
  /** @returns SQL for the value of a cursor; null when it is none */
  readonly parse: (text: string, accountId: string) => SQL | null
}

const { createdAt, expiresAt, applicationServer } = transactionKeys
const { lastUsedAt, useCount } = transactionKeyUsage

/** Keys without such an instant come last, whichever way the order goes. */
const orders: Readonly<Record<TransactionKeySort, Order>> = {
  NEWEST: instants({ isDescending: true, value: sql`${createdAt}`, read: (key) => key.createdAt }),
  OLDEST: instants({ isDescending: false, value: sql`${createdAt}`, read: (key) => key.createdAt }),
  EXPIRING_FIRST: instants({
    isDescending: false,
    value: sql`coalesce(${expiresAt}, 'infinity')`,
    read: (key) => key.expiresAt,
  }),
  LAST_USED: instants({
    isDescending: true,
    value: sql`coalesce(${lastUsedAt}, '-infinity')`,
    read: (key) => key.lastUsedAt,
  }),
  MOST_USED: {
    isDescending: true,
    value: sql`${useCount}`,
    read: (key) => String(key.useCount),
    parse: (text) => (/^\d{1,10}$/.test(text) ? sql`${text}::bigint` : null),
  },
  // The name never changes, and may be longer than a cursor: the cursor carries the id alone.
  NAME: {
    isDescending: false,
    value: sql`lower(${applicationServer}) COLLATE "C"`,
    read: ({ id }) => id,
    parse: (id, accountId) =>
      z.guid().safeParse(id).success
        ? sql`(SELECT lower(named.application_server) COLLATE "C" FROM transaction_keys named
            WHERE named.account_id = ${accountId} AND named.id = ${id}::uuid)`
        : null,
  },
}

function instants({
  isDescending,
  value,
  read,
}: {
  readonly isDescending: boolean
  readonly value: SQL
  readonly read: (key: TransactionKey) => Date | null
}): Order {
  const none = isDescending ? '-infinity' : 'infinity'
  return {
    isDescending,
    value,
    read: (key) => read(key)?.toISOString() ?? none,
    parse: (text) => {
      const parsed = instant.safeParse(text)
      const at = text === none ? none : parsed.data?.toISOString()
      return at === undefined ? null : sql`${at}::timestamptz`
    },
  }
}

/** The ORDER BY of a sort. */
export function orderBy(sort: TransactionKeySort): SQL[] {
  const { isDescending, value } = orders[sort]
  return isDescending ? [desc(value), desc(transactionKeys.id)] : [asc(value), asc(transactionKeys.id)]
}

/** The position of a key in an order. The sort is part of it, so that a cursor of one order is refused by another. */
export function cursorOf(key: TransactionKey, sort: TransactionKeySort): string {
  return encodeCursor('key', [...(sort === 'NEWEST' ? [] : [sort]), orders[sort].read(key), key.id].join('/'))
}

/**
 * The condition that a key comes after the position that a cursor names.
 *
 * @throws {KeyServerError} BAD_USER_INPUT at `after`
 */
export function isBeyond(
  cursor: string,
  { sort, accountId }: { readonly sort: TransactionKeySort; readonly accountId: string },
): SQL {
  const { isDescending, value, parse } = orders[sort]
  const parts = decodeCursor('key', cursor)?.split('/') ?? []
  const [at = '', id = ''] = sort === 'NEWEST' ? parts : parts.slice(1)
  const isOfSort = sort === 'NEWEST' ? parts.length === 2 : parts.length === 3 && parts[0] === sort
  const position = isOfSort && z.guid().safeParse(id).success ? parse(at, accountId) : null
  if (position === null) throw badInput('after', 'This is not a cursor of this connection.')
  const comparison = isDescending ? sql`<` : sql`>`
  return sql`(${value}, ${transactionKeys.id}) ${comparison} (${position}, ${id}::uuid)`
}
