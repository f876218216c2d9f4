import type { CursorPosition } from '../../schema/wire/cursor.ts'
import { KeyServerError } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'

export interface StoredItem {
  readonly position: number
  readonly occurredAt: Date
}

/** Selects the items of one list. Their positions have no gaps; the oldest are removed when their retention ends. */
export interface ListSource<Item extends StoredItem> {
  /** In order, at most `limit`. */
  readonly selectAfter: (position: number, limit: number) => Promise<readonly Item[]>
  readonly selectNewest: () => Promise<StoredItem | undefined>
  /** The position up to which items were removed; undefined when the list itself is gone. */
  readonly selectLowWaterMark: () => Promise<CursorPosition | undefined>
  /** The message of CURSOR_EXPIRED. */
  readonly expired: string
}

/**
 * A list that is read from a position on. No item is left out unnoticed: neither one that was removed, nor one that took the
 * position of another after the database was restored from a backup that lacked the last items.
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
    if (end === undefined) throw new TypeError('An authenticated principal has a stored list.')
    return end
  }

  /**
   * Asserts that the list goes on from a position.
   *
   * @throws {KeyServerError} CURSOR_EXPIRED
   */
  async assertGoesOn(from: CursorPosition): Promise<void> {
    await this.#readOn(from, 1)
  }

  /**
   * The next items, at most a page.
   *
   * @throws {KeyServerError} CURSOR_EXPIRED when the list does not go on from there, even without further items
   */
  async after(from: CursorPosition): Promise<readonly Item[]> {
    return this.#readOn(from, limits.batchMax + 1)
  }

  async #readOn(from: CursorPosition, limit: number): Promise<readonly Item[]> {
    // The item at the position is read in the same statement: the items after it belong to the same history.
    const items = await this.#source.selectAfter(from.position - 1, limit)
    const [first] = items
    if (first?.position === from.position) {
      if (!isSame(cursorPositionOf(first), from)) throw this.#expired()
      return items.slice(1)
    }
    // There is none at the beginning of a list, and where it was the last one removed.
    const isNext = first === undefined || first.position === from.position + 1
    const lowWaterMark = await this.#source.selectLowWaterMark()
    if (!isNext || lowWaterMark === undefined || !isSame(lowWaterMark, from)) throw this.#expired()
    return items
  }

  #expired(): KeyServerError {
    return new KeyServerError('CURSOR_EXPIRED', this.#source.expired)
  }
}

export function cursorPositionOf({ position, occurredAt }: StoredItem): CursorPosition {
  return { position, atMs: occurredAt.getTime() }
}

/** A low-water mark from its two columns. */
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
function isSame(stored: CursorPosition, asked: CursorPosition): boolean {
  const isUntimed = asked.position > 0 && asked.atMs === null
  return stored.position === asked.position && (isUntimed || stored.atMs === asked.atMs)
}
