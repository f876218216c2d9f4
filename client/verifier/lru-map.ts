/** A map of bounded size. The entry that was read or set longest ago is removed first. */
export class LruMap<Value> {
  /** Iterates in the order of the last use. */
  readonly #values = new Map<string, Value>()
  readonly #sizeMax: number
  readonly #sizeOf: (key: string) => number
  readonly #onRemoved: (key: string) => void
  #size = 0

  /*
   * lru-cache, which does the same and much more, was an eighth of the verifier's bundle: 5.7 of 47 kB.
   */

  /**
   * @param options.sizeMax of all entries together; an entry that is larger by itself is not kept, and displaces no other
   * @param options.sizeOf of one entry, the same at each call. Default: 1
   * @param options.onRemoved called for each key that goes, whatever the cause; not for one that gets another value
   */
  constructor({
    sizeMax,
    sizeOf = () => 1,
    onRemoved = () => undefined,
  }: {
    readonly sizeMax: number
    readonly sizeOf?: (key: string) => number
    readonly onRemoved?: (key: string) => void
  }) {
    this.#sizeMax = sizeMax
    this.#sizeOf = sizeOf
    this.#onRemoved = onRemoved
  }

  get(key: string): Value | undefined {
    const value = this.#values.get(key)
    if (value === undefined) return undefined
    this.#values.delete(key)
    this.#values.set(key, value)
    return value
  }

  has(key: string): boolean {
    return this.#values.has(key)
  }

  keys(): MapIterator<string> {
    return this.#values.keys()
  }

  set(key: string, value: Value): void {
    const size = this.#sizeOf(key)
    if (size > this.#sizeMax) {
      this.delete(key)
      return
    }
    if (!this.#values.delete(key)) this.#size += size
    this.#values.set(key, value)
    for (const oldest of this.#values.keys()) {
      if (this.#size <= this.#sizeMax) break
      this.delete(oldest)
    }
  }

  delete(key: string): void {
    if (!this.#values.delete(key)) return
    this.#size -= this.#sizeOf(key)
    this.#onRemoved(key)
  }

  clear(): void {
    for (const key of [...this.#values.keys()]) this.delete(key)
  }
}
