import { decodeBase64url, encodeBase64url } from './base64url.ts'

/**
 * Cursors are opaque to clients. Inside they are a kind and a position, so that a cursor of one list is refused by another.
 */
export type CursorKind = 'alert' | 'change' | 'key'

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
