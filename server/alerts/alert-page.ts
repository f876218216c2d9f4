import { decodeCursor } from '../../schema/wire/cursor.ts'
import { badInput } from '../../schema/wire/errors.ts'
import { cursorOf } from '../../schema/graphql/alert.ts'
import type { AlertPage, AlertPageArguments } from '../../schema/graphql/context.ts'
import type { Database } from '../database/connect.ts'
import { parsePageSize } from '../pages.ts'
import { countUnacknowledged, selectAlerts } from './alert-rows.ts'
import { assertKept } from './retention.ts'

/**
 * Reads one page of an account's alerts, oldest first; with `last`, the newest page of what the cursors leave.
 *
 * @throws {KeyServerError} BAD_USER_INPUT; CURSOR_EXPIRED when alerts after the cursor are no longer kept. Without a cursor
 *   a page begins with the oldest alert that is.
 */
export async function selectAlertPage(
  db: Database,
  accountId: string,
  { first, after, last, before, unacknowledgedOnly }: AlertPageArguments,
): Promise<AlertPage> {
  const isFromEnd = last !== null && last !== undefined
  if (isFromEnd && first !== null && first !== undefined) {
    throw badInput('last', 'A page is asked for with first or with last, not with both.')
  }
  const size = isFromEnd ? parsePageSize(last, 'last') : parsePageSize(first, 'first')
  const position = parsePosition(after, 'after')
  if (position !== null) await assertKept(db, accountId, position)
  const alerts = await selectAlerts(db, accountId, {
    after: position,
    before: parsePosition(before, 'before'),
    unacknowledgedOnly,
    limit: size + 1,
    fromEnd: isFromEnd,
  })
  const hasMore = alerts.length > size
  const page = isFromEnd && hasMore ? alerts.slice(1) : alerts.slice(0, size)
  return {
    edges: page.map((node) => ({ cursor: cursorOf(node), node })),
    hasNextPage: isFromEnd ? typeof before === 'string' : hasMore,
    hasPreviousPage: isFromEnd ? hasMore : typeof after === 'string',
    unacknowledgedCount: () => countUnacknowledged(db, accountId),
  }
}

/**
 * Parses the cursor of an alert; null stays null.
 *
 * @throws {KeyServerError} BAD_USER_INPUT
 */
export function parsePosition(cursor: string | null | undefined, field: string): number | null {
  if (cursor === null || cursor === undefined) return null
  const text = decodeCursor('alert', cursor)
  if (text === null || !/^(0|[1-9]\d{0,14})$/.test(text))
    throw badInput(field, 'This is not a cursor of an alert.')
  return Number(text)
}
