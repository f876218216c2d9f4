import type { TransactionKey, TransactionKeyState } from '../../index.ts'

export const keySorts = ['newest', 'oldest', 'expiring', 'lastUsed', 'mostUsed', 'name'] as const

export type KeySort = (typeof keySorts)[number]

export interface KeyQuery {
  /** A part of the application server's name, of the label or of the thumbprint; case does not matter. */
  readonly search: string
  /** Null: all. */
  readonly state: TransactionKeyState | null
  readonly sort: KeySort
}

/** The keys that a query lets through, in its order. `now`: milliseconds since 1970. */
export function queryKeys(
  keys: readonly TransactionKey[],
  { search, state, sort }: KeyQuery,
  now: number,
): readonly TransactionKey[] {
  const wanted = search.trim().toLowerCase()
  const found = keys.filter(
    (key) => (state === null || stateAt(key, now) === state) && (wanted === '' || matches(key, wanted)),
  )
  return sort === 'newest' ? found : found.toSorted(orders[sort])
}

/** How many keys are in which state. */
export function countStates(
  keys: readonly TransactionKey[],
  now: number,
): Readonly<Record<TransactionKeyState, number>> {
  const counts = { PENDING: 0, ACTIVE: 0, EXPIRED: 0, REVOKED: 0 }
  for (const key of keys) counts[stateAt(key, now)] += 1
  return counts
}

/** The state that a key is in at a moment: what was read of it may be hours old. */
export function stateAt({ state, notBefore, expiresAt }: TransactionKey, now: number): TransactionKeyState {
  if (state === 'REVOKED') return state
  if (expiresAt !== null && expiresAt.getTime() <= now) return 'EXPIRED'
  if (state === 'PENDING' && notBefore !== null && notBefore.getTime() <= now) return 'ACTIVE'
  return state
}

function matches({ applicationServer, label, thumbprint, id }: TransactionKey, wanted: string): boolean {
  return [applicationServer, label, thumbprint, id].some((text) => text?.toLowerCase().includes(wanted))
}

type Order = (a: TransactionKey, b: TransactionKey) => number

const nameOf = ({ label, applicationServer }: TransactionKey) => label ?? applicationServer

const orders: Readonly<Record<Exclude<KeySort, 'newest'>, Order>> = {
  oldest: (a, b) => a.createdAt.getTime() - b.createdAt.getTime(),
  expiring: (a, b) => (a.expiresAt?.getTime() ?? Infinity) - (b.expiresAt?.getTime() ?? Infinity) || 0,
  lastUsed: (a, b) => (b.lastUsedAt?.getTime() ?? 0) - (a.lastUsedAt?.getTime() ?? 0),
  mostUsed: (a, b) => b.useCount - a.useCount,
  name: (a, b) => nameOf(a).localeCompare(nameOf(b)),
}
