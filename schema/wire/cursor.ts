import { decodeBase64url, encodeBase64url } from './base64url.ts'

/**
 * Cursors are opaque to clients. Inside they are a kind and a position, so that a cursor of one list is refused by another.
 */
export type CursorKind = PositionedKind | 'key'

/** Lists whose items are stored one by one, and read on from a {@link CursorPosition}. */
export type PositionedKind = 'alert' | 'change'

export function encodeCursor(kind: CursorKind, position: string): string {
  return encodeBase64url(new TextEncoder().encode(`${kind}:${position}`))
}

/** @returns the position, or null when `cursor` is not one of this kind. */
export function decodeCursor(kind: CursorKind, cursor: string): string | null {
  if (cursor.length > 200) return null
  const bytes = decodeBase64url(cursor)
  if (bytes === null) return null
  const text = new TextDecoder().decode(bytes)
  if (!text.startsWith(`${kind}:`)) return null
  const position = text.slice(kind.length + 1)
  // The decoder repairs what is no UTF-8 and drops a byte order mark: only what encodes to the same text is a cursor.
  return encodeCursor(kind, position) === cursor ? position : null
}

/** Where the reader of a stored list is: at the newest item that he has, or at 0, before the first. */
export interface CursorPosition {
  /** Of items. They count from 1, without gaps. */
  readonly position: number
  /**
   * When the item at this position occurred, in milliseconds since 1970; null at 0, and in a cursor of the form before this
   * one. A database that was set back gives positions a second time: this tells the items apart.
   */
  readonly atMs: number | null
}

/** The cursor of a bookmark. */
export function encodeCursorPosition(kind: PositionedKind, { position, atMs }: CursorPosition): string {
  return encodeCursor(kind, atMs === null ? String(position) : `${String(position)}@${String(atMs)}`)
}

/**
 * Reads a cursor of this form, and of the one before it, which had the position alone. Null when `cursor` is not one of this
 * kind.
 */
export function decodeCursorPosition(kind: PositionedKind, cursor: string): CursorPosition | null {
  const text = decodeCursor(kind, cursor)
  if (text === '0') return { position: 0, atMs: null }
  const [, position, atMs] = /^([1-9]\d{0,14})(?:@(0|[1-9]\d{0,12}))?$/.exec(text ?? '') ?? []
  if (position === undefined) return null
  return { position: Number(position), atMs: atMs === undefined ? null : Number(atMs) }
}
