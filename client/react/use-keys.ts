import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { KeyPageOptions, TransactionKey, Vault } from 'claviger'
import { isOutOfReach } from '../keystore/last-read.ts'
import { useLastRead, useVault } from './vault-provider.ts'

/** Which keys, and in which order; `first` is how many are read at a time. Other values read anew. */
export type KeysOptions = Omit<KeyPageOptions, 'after'>

export interface KeysState {
  /** Those that were read so far. Each has its `trustError`: show it, and do not trust the rest of such a description. */
  readonly keys: readonly TransactionKey[]
  /** How many the filter lets through in all; null before the first answer. */
  readonly totalCount: number | null
  readonly hasMore: boolean
  readonly isLoading: boolean
  /** Why the last reading failed; null when it did not. Keys that were read before stay. */
  readonly error: unknown
  /** Reads the next ones. Never rejects. */
  readonly loadMore: () => Promise<void>
  /** Reads from the beginning, e.g. after a change. Never rejects. */
  readonly reload: () => Promise<void>
}

interface Read {
  readonly keys: readonly TransactionKey[]
  readonly totalCount: number | null
  readonly endCursor: string | null
  readonly isLoading: boolean
  readonly error: unknown
  /** They are of the last visit: the key server has not answered since. */
  readonly isKept: boolean
}

const nothing: Read = {
  keys: [],
  totalCount: null,
  endCursor: null,
  isLoading: false,
  error: null,
  isKept: false,
}

/** The account's keys, page by page. It reads when it is first shown and when an option changes, and not by itself later. */
export function useKeys({ first, applicationServer, state, search, sort }: KeysOptions = {}): KeysState {
  const { vault } = useVault()
  const options = useMemo(
    () => ({ first, applicationServer, state, search, sort }),
    [first, applicationServer, state, search, sort],
  )
  const last = useLastRead<Pick<KeysState, 'keys'> & { readonly totalCount: number }>(
    `keys/${JSON.stringify(options)}`,
  )
  const [read, setRead] = useState(nothing)
  // A late answer to options that are not asked for any more is dropped.
  const generation = useRef(0)
  const load = useCallback(
    async (from: Vault, before: Read | null) => {
      const current = (generation.current += 1)
      const set = (change: (last: Read) => Read) => {
        if (current === generation.current) setRead(change)
      }
      set((shown) => ({ ...shown, isLoading: true }))
      try {
        const page = await from.keyPage({ ...options, after: before?.endCursor })
        set(() => ({ ...nothing, ...page, keys: [...(before?.keys ?? []), ...page.keys] }))
        if (before === null) last?.put({ keys: page.keys, totalCount: page.totalCount })
      } catch (error) {
        const kept = isOutOfReach(error) ? await last?.get() : undefined
        set((shown) => ({
          // Kept keys are not shown in place of a refusal.
          ...(shown.isKept && !isOutOfReach(error) ? nothing : shown),
          ...(shown.totalCount === null && kept !== undefined && { ...kept, isKept: true }),
          isLoading: false,
          error,
        }))
      }
    },
    [options, last],
  )
  useEffect(() => {
    if (vault === null) return undefined
    void load(vault, null)
    return () => {
      generation.current += 1
      setRead(nothing)
    }
  }, [vault, load])
  const { keys, totalCount, endCursor, isLoading, error } = read
  return {
    keys,
    totalCount,
    hasMore: endCursor !== null,
    isLoading,
    error,
    loadMore: async () => {
      if (vault !== null && endCursor !== null && !isLoading) await load(vault, read)
    },
    reload: async () => {
      if (vault !== null) await load(vault, null)
    },
  }
}
