import type { CursorPosition } from '../../schema/wire/cursor.ts'
import { KeyServerError } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'

export interface StoredItem {
  readonly position: number
  readonly occurredAt: Date
}

/** Where the items of one list are. Their positions have no gaps; the oldest are removed when their time has come. */
export interface ListSource<Item extends StoredItem> {
  /** In order, at most `limit`. */
  readonly selectAfter: (position: number, limit: number) => Promise<readonly Item[]>
  readonly selectNewest: () => Promise<StoredItem | undefined>
  /** Up to here the items are removed; undefined when the list itself is gone. */
  readonly selectLowWaterMark: () => Promise<CursorPosition | undefined>
  /** For people: what CURSOR_EXPIRED says. */
  readonly expired: string
}

/**
 * A list that is read on from a bookmark. No item is left out unnoticed: neither those that were removed, nor those that
 * took the positions of others, after the database had been set back to a copy that lacked the last ones.
 */
export class StoredList<Item extends StoredItem> {
  readonly #source: ListSource<Item>

  constructor(source: ListSource<Item>) {
    this.#source = source
  }

  /** The end of the list. */
  async end(): Promise<CursorPosition> {
    const newest = await this.#source.selectNewest()
    const end = newest === undefined ? await this.#source.selectLowWaterMark() : cursorPositionOf(newest)
    if (end === undefined) throw new TypeError('Who signs has a list.')
    return end
  }

  /**
   * Asserts that the list goes on from a bookmark.
   *
   * @throws {KeyServerError} CURSOR_EXPIRED
   */
  async assertGoesOn(bookmark: CursorPosition): Promise<void> {
    await this.#readOn(bookmark, 1)
  }

  /**
   * The next items, at most a page.
   *
   * @throws {KeyServerError} CURSOR_EXPIRED when the list does not go on from the bookmark, be there items or not
   */
  async after(bookmark: CursorPosition): Promise<readonly Item[]> {
    return this.#readOn(bookmark, limits.batchMax + 1)
  }

  async #readOn(bookmark: CursorPosition, limit: number): Promise<readonly Item[]> {
    // The item at the bookmark comes along, in the same statement: what follows is of its history.
    const items = await this.#source.selectAfter(bookmark.position - 1, limit)
    const [first] = items
    if (first?.position === bookmark.position) {
      if (!isSame(cursorPositionOf(first), bookmark)) throw this.#expired()
      return items.slice(1)
    }
    // There is none at the beginning, nor where the last one was removed.
    const isNext = first === undefined || first.position === bookmark.position + 1
    const lowWaterMark = await this.#source.selectLowWaterMark()
    if (!isNext || lowWaterMark === undefined || !isSame(lowWaterMark, bookmark)) throw this.#expired()
    return items
  }

  #expired(): KeyServerError {
    return new KeyServerError('CURSOR_EXPIRED', this.#source.expired)
  }
}

export function cursorPositionOf({ position, occurredAt }: StoredItem): CursorPosition {
  return { position, atMs: occurredAt.getTime() }
}

/** As two columns have it. */
export function lowWaterMarkOf({
  position,
  at,
}: {
  readonly position: number
  readonly at: Date | null
}): CursorPosition {
  return { position, atMs: at?.getTime() ?? null }
}

/** A cursor of an older form has no time, and stands where its position says. */
function isSame(one: CursorPosition, bookmark: CursorPosition): boolean {
  const isUntimed = bookmark.position > 0 && bookmark.atMs === null
  return one.position === bookmark.position && (isUntimed || one.atMs === bookmark.atMs)
}
