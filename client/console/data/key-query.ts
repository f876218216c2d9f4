import type { TransactionKey, TransactionKeySort, TransactionKeyState } from '../../index.ts'

/** Which keys a list shows, and in which order: the key server searches, filters, sorts and counts. */
export interface KeyQuery {
  /** A part of the application server's name or of the label; case does not matter. */
  readonly search: string
  /** Null: all. */
  readonly state: TransactionKeyState | null
  readonly sort: TransactionKeySort
}

/** The query's members as the SDK takes them. */
export function filterOf({ search, state, sort }: KeyQuery) {
  return {
    sort,
    ...(search.trim() !== '' && { search: search.trim() }),
    ...(state !== null && { state }),
  }
}

/** The state that a key is in at a moment: what was read of it may be hours old. */
export function stateAt({ state, notBefore, expiresAt }: TransactionKey, now: number): TransactionKeyState {
  if (state === 'REVOKED') return state
  if (expiresAt !== null && expiresAt.getTime() <= now) return 'EXPIRED'
  if (state === 'PENDING' && notBefore !== null && notBefore.getTime() <= now) return 'ACTIVE'
  return state
}
