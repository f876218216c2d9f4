import { decodeBase64url, encodeBase64url } from './base64url.ts'

/**
 * Cursors are opaque to clients. They contain a kind and a position, so that one list refuses a cursor of another.
 */
export type CursorKind = PositionedKind | 'key'

/** Lists of numbered items, which are read from a {@link CursorPosition} on. */
export type PositionedKind = 'alert' | 'change' | 'audit'

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
  // The decoder replaces invalid UTF-8 and drops a byte order mark: only a string that encodes to itself is a cursor.
  return encodeCursor(kind, position) === cursor ? position : null
}

/** A reader's position in a list: that of the newest item that was read; 0: before the first. */
export interface CursorPosition {
  /** Items are numbered from 1, without gaps. */
  readonly position: number
  /**
   * When the item at this position occurred, in milliseconds since 1970; null at 0, and in a cursor of the form before this
   * one. A database that was set back assigns positions a second time; the time distinguishes the items.
   */
  readonly atMs: number | null
}

/** The cursor of a position. */
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
