import type { KeyPageOptions } from '../../index.ts'
import type { ViewerVault } from '../session/access.ts'

interface Answer {
  readonly account: {
    readonly transactionKeys: {
      readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean }
    }
  }
}

const document = `query PageEnd(
  $first: Int, $after: String, $search: String, $state: TransactionKeyState, $sort: TransactionKeySort
) { account {
  transactionKeys(first: $first, after: $after, search: $search, state: $state, sort: $sort) {
    pageInfo { endCursor hasNextPage }
  }
} }`

/**
 * The cursor behind a page, without its keys: a jump far down the list reads and checks only the keys that it lands on.
 *
 * @returns null behind the last page
 */
export async function readPageEnd(vault: ViewerVault, page: KeyPageOptions): Promise<string | null> {
  const { account } = await vault.graphql<Answer>(document, page)
  const { endCursor, hasNextPage } = account.transactionKeys.pageInfo
  return hasNextPage ? endCursor : null
}
