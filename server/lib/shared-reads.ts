/**
 * Shares reads among concurrent callers, by a key. No caller gets a read that began before its call, because that may be out of
 * date: while a read is under way, all callers wait for the next one.
 */
export class SharedReads<T> {
  readonly #byKey = new Map<string, Reading<T>>()

  /** @param begin reads; not called when another caller's read is shared */
  read(key: string, begin: () => Promise<T>): Promise<T> {
    const reading = this.#byKey.get(key)
    if (reading === undefined) return this.#begin(key, begin)
    return (reading.next ??= reading.current.then(ignore, ignore).then(() => this.#begin(key, begin)))
  }

  #begin(key: string, begin: () => Promise<T>): Promise<T> {
    const current = begin()
    const reading: Reading<T> = { current, next: null }
    this.#byKey.set(key, reading)
    const end = () => {
      if (reading.next === null) this.#byKey.delete(key)
    }
    current.then(end, end)
    return current
  }
}

interface Reading<T> {
  readonly current: Promise<T>
  next: Promise<T> | null
}

function ignore(): void {
  // The callers of that read get its error.
}
