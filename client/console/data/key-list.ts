import type { KeyPage, TransactionKey } from '../../index.ts'
import type { ViewerVault } from '../session/access.ts'
import { filterOf, type KeyQuery } from './key-query.ts'
import { readKeyTotals, type KeyTotals } from './key-totals.ts'
import { readPageEnd } from './page-ends.ts'
import { isOutOfReach, lastRead, type LastRead } from '../../keystore/last-read.ts'
import { Store } from './store.ts'

export interface KeyListState {
  readonly query: KeyQuery
  /** How many keys the query lets through; null before the first answer. */
  readonly totalCount: number | null
  /** How many the search alone lets through, by state; null before the first answer. */
  readonly totals: KeyTotals | null
  /** The rows that were read so far, by the number of the page. */
  readonly pages: ReadonlyMap<number, readonly TransactionKey[]>
  readonly isLoading: boolean
  readonly error: unknown
}

const pageSize = 100
const freshMs = 15_000
/** While somebody types, the key server is not asked for each letter. */
const typingMs = 150
/** Most keys that are read at once to do the same with all of them. */
export const selectionMax = 1_000

const newestFirst: KeyQuery = { search: '', state: null, sort: 'NEWEST' }

/**
 * A list of the account's keys of which only the part is read that somebody looks at. The key server searches, filters,
 * sorts and counts, so that what is said is about all keys. The only place that knows how the API pages.
 */
export class KeyList {
  readonly state = new Store<KeyListState>({
    query: newestFirst,
    totalCount: null,
    totals: null,
    pages: new Map(),
    isLoading: false,
    error: null,
  })
  readonly #vault: ViewerVault
  /** The newest keys of all. */
  readonly #last: LastRead<Pick<KeyPage, 'keys' | 'totalCount'>>
  /** The cursor behind each page, as far as they are known; null behind the last one. */
  #ends: (string | null)[] = []
  #wanted: readonly [number, number] = [0, 0]
  /** Counts the queries, so that a late answer to an old one is ignored. */
  #generation = 0
  #isReading = false
  #loadedAt = -Infinity
  #typing: ReturnType<typeof setTimeout> | undefined

  constructor(vault: ViewerVault) {
    this.#vault = vault
    this.#last = lastRead(vault.managementKeyId, 'keys')
  }

  /** Reads the keys, unless that was done a moment ago. */
  ensure(): void {
    if (performance.now() - this.#loadedAt > freshMs) void this.reload()
  }

  /** Shows other keys; what was there stays until they come. */
  setQuery(query: KeyQuery): void {
    const before = this.state.value.query
    const isSame = (['search', 'state', 'sort'] as const).every((name) => query[name] === before[name])
    if (isSame) return
    this.#change({ query })
    this.#wanted = [0, 0]
    clearTimeout(this.#typing)
    this.#typing = setTimeout(() => void this.reload(), query.search === before.search ? 0 : typingMs)
  }

  /** Reads what is shown now; resolves when it is there, or has failed. */
  async reload(): Promise<void> {
    clearTimeout(this.#typing)
    this.#generation += 1
    this.#ends = []
    this.#loadedAt = performance.now()
    await Promise.all([this.#readTotals(this.#generation), this.#readFirst(this.#generation)])
  }

  /** Says which rows are looked at, the first one and the one after the last: they are read where that was not done. */
  need(first: number, end: number): void {
    this.#wanted = [Math.floor(first / pageSize), Math.floor(Math.max(first, end - 1) / pageSize)]
    void this.#readWanted()
  }

  /** Takes over a key that was created or changed. */
  put(key: TransactionKey): void {
    for (const [number, keys] of this.state.value.pages) {
      const index = keys.findIndex(({ id }) => id === key.id)
      if (index !== -1) this.#putPage(number, keys.with(index, key))
    }
    // Where it stands now, and what it counts for, is for the key server to say; an answer on its way may be from before.
    this.#loadedAt = -Infinity
    if (this.state.value.isLoading) void this.reload()
  }

  /** All keys of the query, {@link selectionMax} at most. */
  async readAll(): Promise<readonly TransactionKey[]> {
    const filter = filterOf(this.state.value.query)
    const found: TransactionKey[] = []
    let after: string | null = null
    do {
      const page = await this.#vault.keyPage({ ...filter, first: pageSize, after })
      found.push(...page.keys)
      after = page.endCursor
    } while (after !== null && found.length < selectionMax)
    return found
  }

  async #readTotals(generation: number): Promise<void> {
    try {
      const totals = await readKeyTotals(this.#vault, this.state.value.query.search)
      if (generation === this.#generation) this.#change({ totals })
    } catch (error) {
      if (generation === this.#generation) this.#change({ error })
    }
  }

  async #readFirst(generation: number): Promise<void> {
    this.#change({ isLoading: true })
    try {
      const page = await this.#vault.keyPage({ ...filterOf(this.state.value.query), first: pageSize })
      if (generation !== this.#generation) return
      this.#ends[0] = page.endCursor
      const { totalCount } = page
      this.#change({ pages: new Map([[0, page.keys]]), totalCount, isLoading: false, error: null })
      if (isNewestOfAll(this.state.value.query)) this.#last.put({ keys: page.keys, totalCount })
      void this.#readWanted()
    } catch (error) {
      const { query, totalCount } = this.state.value
      const mayHelp = isOutOfReach(error) && totalCount === null && isNewestOfAll(query)
      const last = mayHelp ? await this.#last.get() : undefined
      if (generation !== this.#generation) return
      this.#change({ error, isLoading: false })
      if (last !== undefined) this.#change({ pages: new Map([[0, last.keys]]), totalCount: last.totalCount })
    }
  }

  /** Reads the pages that are looked at, one after the other: each needs the cursor behind the one before. */
  async #readWanted(): Promise<void> {
    if (this.#isReading) return
    this.#isReading = true
    const generation = this.#generation
    try {
      for (let number = this.#missingPage(); number !== null; number = this.#missingPage()) {
        await this.#readPage(number)
        if (generation !== this.#generation) break
        // Only what was read now tells that the key server can be reached: rows may be those of the last visit.
        this.#change({ error: null })
      }
    } catch (error) {
      if (generation === this.#generation) this.#change({ error })
    } finally {
      this.#isReading = false
    }
    if (generation !== this.#generation) void this.#readWanted()
  }

  /** The first page that is looked at and was not read. The first of all comes with the query. */
  #missingPage(): number | null {
    const { pages, totalCount } = this.state.value
    if (this.#ends.length === 0) return null
    const [first, last] = this.#wanted
    for (let number = first; number <= last && number * pageSize < (totalCount ?? 0); number += 1) {
      if (!pages.has(number) && this.#mayExist(number)) return number
    }
    return null
  }

  #mayExist(number: number): boolean {
    const before = this.#ends.slice(0, number)
    return before.every((end) => end !== null)
  }

  async #readPage(number: number): Promise<void> {
    const generation = this.#generation
    const filter = filterOf(this.state.value.query)
    while (this.#ends.length < number) {
      const after = this.#ends.at(-1) ?? null
      const end = await readPageEnd(this.#vault, { ...filter, first: pageSize, after })
      if (generation !== this.#generation) return
      this.#ends.push(end)
      // They may be looking elsewhere by now.
      const [first, last] = this.#wanted
      if (end === null || number < first || number > last) return
    }
    const page = await this.#vault.keyPage({
      ...filter,
      first: pageSize,
      after: this.#ends[number - 1] ?? null,
    })
    if (generation !== this.#generation) return
    this.#ends[number] = page.endCursor
    this.#putPage(number, page.keys)
  }

  #putPage(number: number, keys: readonly TransactionKey[]): void {
    this.#change({ pages: new Map(this.state.value.pages).set(number, keys) })
  }

  #change(changes: Partial<KeyListState>): void {
    this.state.set({ ...this.state.value, ...changes })
  }
}

function isNewestOfAll({ search, state, sort }: KeyQuery): boolean {
  return search === '' && state === null && sort === 'NEWEST'
}

/** The key in a row of the list; null while it was not read. */
export function keyAt({ pages }: KeyListState, index: number): TransactionKey | null {
  return pages.get(Math.floor(index / pageSize))?.[index % pageSize] ?? null
}
