import type { CursorPosition } from '../../schema/wire/cursor.ts'
import { badInput } from '../../schema/wire/errors.ts'
import { cursorOf } from '../../schema/graphql/alert.ts'
import type { AlertPage, AlertPageArguments } from '../../schema/graphql/context.ts'
import type { Database } from '../database/connect.ts'
import { askedPosition } from '../events/asked-position.ts'
import { parsePageSize } from '../lib/page-size.ts'
import { alertList } from './alert-list.ts'
import { countUnacknowledged, selectAlerts } from './alert-rows.ts'

/**
 * Reads one page of an account's alerts, oldest first; with `last`, the newest page between the cursors.
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
  const asked = parseCursorPosition(after, 'after')
  const alerts = await selectAlerts(db, accountId, {
    after: asked?.position ?? null,
    before: parseCursorPosition(before, 'before')?.position ?? null,
    unacknowledgedOnly,
    limit: size + 1,
    fromEnd: isFromEnd,
  })
  // Afterwards, so that none is removed between.
  if (asked !== null) await alertList(db, accountId).assertGoesOn(asked)
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
 * @throws {KeyServerError} BAD_USER_INPUT, CURSOR_EXPIRED
 */
export function parseCursorPosition(cursor: string | null | undefined, field: string): CursorPosition | null {
  return askedPosition(cursor, { kind: 'alert', field })
}
