import { useEffect } from 'react'
import { isOutOfReach, type LastRead } from './read-cache.ts'
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
  #loading: Promise<void> | null = null

  /** `last`: shown while the key server was not reached since the page was loaded. */
  constructor(load: () => Promise<T>, last: LastRead<T> | null = null) {
    this.#load = load
    this.#last = last
  }

  /** Reads it unless that was done a moment ago. */
  ensure(): void {
    if (performance.now() - this.#loadedAt > freshMs) void this.reload()
  }

  /** Reads it now; resolves when that is over, also when it failed. */
  reload(): Promise<void> {
    this.#loading ??= this.#read().finally(() => {
      this.#loading = null
    })
    return this.#loading
  }

  /** Has it read anew when it is next shown: something has changed that it is about. */
  expire(): void {
    this.#loadedAt = -Infinity
  }

  /** Takes over what an operation has answered. */
  set(data: T): void {
    this.#loadedAt = performance.now()
    this.state.set({ data, error: null, isLoading: false })
  }

  async #read(): Promise<void> {
    this.state.set({ ...this.state.value, isLoading: true })
    try {
      const data = await this.#load()
      this.set(data)
      this.#last?.put(data)
    } catch (error) {
      const { data } = this.state.value
      const shown = data ?? (isOutOfReach(error) ? await this.#last?.get() : undefined)
      this.state.set({ data: shown, error, isLoading: false })
    }
  }
}

export function useResource<T>(resource: Resource<T>): ResourceState<T> {
  useEffect(() => {
    resource.ensure()
  }, [resource])
  return useStore(resource.state)
}
