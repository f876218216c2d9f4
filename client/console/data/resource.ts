import { useEffect } from 'react'
import { isOutOfReach, type LastRead } from '../../keystore/last-read.ts'
import { Store, useStore } from './store.ts'

/** Something that is read from the key server. The last reading stays while it is read again, and when that fails. */
export interface ResourceState<T> {
  /** Undefined: nothing was read so far. */
  readonly data: T | undefined
  /** Why the last reading failed; null when it did not. */
  readonly error: unknown
  readonly isLoading: boolean
}

/** Older than this it is read again when a page shows it. */
const freshMs = 15_000

/** One thing that pages read, once for all of them. */
export class Resource<T> {
  readonly state = new Store<ResourceState<T>>({ data: undefined, error: null, isLoading: false })
  readonly #load: () => Promise<T>
  readonly #last: LastRead<T> | null
  #loadedAt = -Infinity
  /** Counts what this page knows to have changed: a reading that began before the last change may not have it. */
  #changes = 0
  /** The change that an operation has answered itself. */
  #answeredChange = 0
  #reading: { readonly over: Promise<void>; readonly changes: number } | null = null
  #next: Promise<void> | null = null

  /** `last`: shown while the key server was not reached since the page was loaded. */
  constructor(load: () => Promise<T>, last: LastRead<T> | null = null) {
    this.#load = load
    this.#last = last
  }

  /** Reads it unless that was done a moment ago, or is being done. */
  ensure(): void {
    if (this.#reading?.changes === this.#changes) return
    if (performance.now() - this.#loadedAt > freshMs) void this.reload()
  }

  /** Reads it as it is from now on; resolves when that is over, also when it failed. */
  reload(): Promise<void> {
    if (this.#reading === null) return this.#start()
    // The answer on its way may be older than what the caller has changed. One more reading serves all who ask meanwhile.
    this.#next ??= this.#reading.over.then(() => {
      this.#next = null
      return this.#start()
    })
    return this.#next
  }

  /** Has it read anew when it is next shown: something has changed that it is about. */
  expire(): void {
    this.#changes += 1
    this.#loadedAt = -Infinity
  }

  /** Takes over what an operation has answered. A reading that began before does not undo it. */
  set(data: T): void {
    this.#changes += 1
    this.#answeredChange = this.#changes
    this.#loadedAt = performance.now()
    this.state.set({ data, error: null, isLoading: false })
  }

  #start(): Promise<void> {
    const over = this.#read(this.#changes).finally(() => {
      this.#reading = null
    })
    this.#reading = { over, changes: this.#changes }
    return over
  }

  async #read(changes: number): Promise<void> {
    this.state.set({ ...this.state.value, isLoading: true })
    try {
      const data = await this.#load()
      if (changes < this.#answeredChange) return
      if (changes === this.#changes) this.#loadedAt = performance.now()
      this.state.set({ data, error: null, isLoading: false })
      this.#last?.put(data)
    } catch (error) {
      const last = isOutOfReach(error) ? await this.#last?.get() : undefined
      if (changes < this.#answeredChange) return
      this.state.set({ data: this.state.value.data ?? last, error, isLoading: false })
    }
  }
}

export function useResource<T>(resource: Resource<T>): ResourceState<T> {
  useEffect(() => {
    resource.ensure()
  }, [resource])
  return useStore(resource.state)
}
