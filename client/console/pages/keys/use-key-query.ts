import { useMemo } from 'react'
import { useSearchParams } from 'wouter'
import { transactionKeySorts, transactionKeyStates } from '../../../index.ts'
import type { KeyQuery } from '../../data/key-query.ts'

export interface KeyQueryState {
  readonly query: KeyQuery
  readonly setQuery: (changes: Partial<KeyQuery>) => void
  /** The address asks for the form of a new key. */
  readonly opensNew: boolean
}

/** The query stands in the address, so that going back to the list shows what was there. */
export function useKeyQuery(): KeyQueryState {
  const [params, setParams] = useSearchParams()
  const [search, state, sort] = [params.get('search') ?? '', params.get('state'), params.get('sort')]
  const query = useMemo(
    () => ({
      search,
      state: transactionKeyStates.find((known) => known === state) ?? null,
      sort: transactionKeySorts.find((known) => known === sort) ?? 'NEWEST',
    }),
    [search, state, sort],
  )
  const setQuery = (changes: Partial<KeyQuery>) => {
    setParams(
      (current) => {
        const next = new URLSearchParams(current)
        for (const [name, value] of Object.entries(changes)) {
          if (value === null || value === '') next.delete(name)
          else next.set(name, value)
        }
        return next
      },
      { replace: true },
    )
  }
  return { query, setQuery, opensNew: params.has('new') }
}
