interface Reading<T> {
  readonly current: Promise<T>
  next: Promise<T> | null
}

/**
 * Shares reads of one thing among all that ask for it at a time. A read begins after those that share it have asked: one
 * that is under way may be from before the news that woke them, so they wait for the next.
 */
export class SharedReads<T> {
  readonly #byKey = new Map<string, Reading<T>>()

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

function ignore(): void {
  // Those that wait for it are told.
}
