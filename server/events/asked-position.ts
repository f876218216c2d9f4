import { decodeCursorPosition, type CursorPosition, type PositionedKind } from '../../schema/wire/cursor.ts'
import { badInput, KeyServerError } from '../../schema/wire/errors.ts'

const itemNames = {
  alert: 'an alert',
  change: 'a change',
  audit: 'an entry of the audit log',
} as const satisfies Record<PositionedKind, string>

/**
 * The position of a cursor that a client sent; null when there is none.
 *
 * @throws {KeyServerError} BAD_USER_INPUT at `field` when it is no cursor of such a list; CURSOR_EXPIRED for the older form of a
 *   change's cursor, without a time: after the database was set back, a change could be missed, and a change may be a revocation
 */
export function askedPosition(
  cursor: string | null | undefined,
  { kind, field }: { readonly kind: PositionedKind; readonly field: string },
): CursorPosition | null {
  if (cursor === null || cursor === undefined) return null
  const position = decodeCursorPosition(kind, cursor)
  if (position === null) throw badInput(field, `This is not a cursor of ${itemNames[kind]}.`)
  if (kind === 'change' && position.position > 0 && position.atMs === null) {
    throw new KeyServerError('CURSOR_EXPIRED', 'This cursor of a change is of an older version.')
  }
  return position
}
