import { transactionKeyStates, type TransactionKeyState } from '../../index.ts'
import type { ViewerVault } from '../session/access.ts'

/** How many keys a search finds in each state, and in all. */
export type KeyTotals = Readonly<Record<TransactionKeyState | 'ALL', number>>

interface Answer {
  readonly account: Readonly<Record<string, { readonly totalCount: number } | undefined>>
}

const document = `query KeyTotals($search: String) { account {
  ALL: transactionKeys(first: 1, search: $search) { totalCount }
  ${transactionKeyStates
    .map((state) => `${state}: transactionKeys(first: 1, search: $search, state: ${state}) { totalCount }`)
    .join('\n  ')}
} }`

/** Counts the keys that a search finds, '' for all keys. They are figures to look at: the key server's word alone. */
export async function readKeyTotals(vault: ViewerVault, search = ''): Promise<KeyTotals> {
  const text = search.trim()
  const { account } = await vault.graphql<Answer>(document, text === '' ? {} : { search: text })
  const count = (name: keyof KeyTotals) => account[name]?.totalCount ?? 0
  return {
    ALL: count('ALL'),
    ACTIVE: count('ACTIVE'),
    PENDING: count('PENDING'),
    EXPIRED: count('EXPIRED'),
    REVOKED: count('REVOKED'),
  }
}
