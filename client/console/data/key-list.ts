import type { TransactionKey } from '../../index.ts'
import type { ViewerVault } from '../session/access.ts'
import { Store } from './store.ts'

export interface KeyListState {
  /** Newest first. */
  readonly keys: readonly TransactionKey[]
  /** How many the account has; null before the first answer. */
  readonly totalCount: number | null
  readonly isComplete: boolean
  readonly isLoading: boolean
  readonly error: unknown
}

const pageSize = 100
/** More than any account has had so far. Beyond it the list says that it is cut. */
const keysMax = 50_000
const freshMs = 15_000

/**
 * All keys of the account, read page by page in the background and kept, so that searching, sorting and counting are
 * about all of them and not about those that happen to be on the screen. The only place that knows how the API pages.
 */
export class KeyList {
  readonly state = new Store<KeyListState>({
    keys: [],
    totalCount: null,
    isComplete: false,
    isLoading: false,
    error: null,
  })
  readonly #vault: ViewerVault
  #loadedAt = -Infinity
  #loading: Promise<void> | null = null

  constructor(vault: ViewerVault) {
    this.#vault = vault
  }

  /** Reads the keys, unless that was done a moment ago. */
  ensure(): void {
    if (performance.now() - this.#loadedAt > freshMs) void this.reload()
  }

  reload(): Promise<void> {
    this.#loading ??= this.#readAll().finally(() => {
      this.#loading = null
    })
    return this.#loading
  }

  /** Takes over a key that was created or changed. */
  put(key: TransactionKey): void {
    const { keys, totalCount } = this.state.value
    const index = keys.findIndex(({ id }) => id === key.id)
    if (index === -1) {
      this.#change({ keys: [key, ...keys], totalCount: totalCount === null ? null : totalCount + 1 })
    } else this.#change({ keys: keys.with(index, key) })
  }

  async #readAll(): Promise<void> {
    const isFirst = this.state.value.keys.length === 0
    this.#change({ isLoading: true })
    const found: TransactionKey[] = []
    const seen = new Set<string>()
    let after: string | null = null
    try {
      do {
        const page = await this.#vault.keyPage({ first: pageSize, after })
        // A key that is stored while the list is read moves the others to the next page.
        for (const key of page.keys) if (!seen.has(key.id)) found.push(key)
        for (const { id } of page.keys) seen.add(id)
        after = page.endCursor
        // A list that is there already is replaced once it is whole, so that it does not shrink meanwhile.
        this.#change({ totalCount: page.totalCount, error: null, ...(isFirst && { keys: [...found] }) })
      } while (after !== null && found.length < keysMax)
      this.#loadedAt = performance.now()
      this.#change({ keys: found, isComplete: after === null, isLoading: false })
    } catch (error) {
      this.#change({ error, isLoading: false })
    }
  }

  #change(changes: Partial<KeyListState>): void {
    this.state.set({ ...this.state.value, ...changes })
  }
}
