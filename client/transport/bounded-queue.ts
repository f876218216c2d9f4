/**
 * A queue that one side pushes to and the other iterates at its own pace. It never holds more than `capacity` items, and is
 * iterated once.
 */
export class BoundedQueue<T> implements AsyncIterable<T> {
  readonly #capacity: number
  readonly #items: T[] = []
  #wake: () => void = () => undefined
  #end: { readonly error: Error | null } | null = null

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** False when there is no room: the item was not taken. Items after the end are dropped. */
  push(item: T): boolean {
    if (this.#end !== null) return true
    if (this.#items.length >= this.#capacity) return false
    this.#items.push(item)
    this.#wake()
    return true
  }

  /** The iteration ends after what is queued: with `error`, when there is one. Only the first call counts. */
  end(error: Error | null): void {
    this.#end ??= { error }
    this.#wake()
  }

  /** Drops what is queued, and ends. */
  abandon(): void {
    this.#items.length = 0
    this.end(null)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const item = this.#items.shift()
      if (item !== undefined) {
        yield item
      } else if (this.#end !== null) {
        if (this.#end.error !== null) throw this.#end.error
        return
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
  }
}
