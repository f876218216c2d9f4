import { limits } from '../../schema/wire/limits.ts'
import type { Operation } from '../transport/graphql.ts'
import type { Session } from '../trust/session.ts'
import {
  parseTransactionKey,
  transactionKeyFields,
  type DescribedTransactionKey,
  type TransactionKey,
  withPossession,
} from './transaction-key.ts'
import type { TransactionKeySort, TransactionKeyState } from '../../schema/wire/enums.ts'

export interface KeyPageOptions {
  /** At most 100, the default. */
  readonly first?: number | undefined
  /** {@link KeyPage.endCursor} of the page before. */
  readonly after?: string | null | undefined
  readonly applicationServer?: string | undefined
  readonly state?: TransactionKeyState | undefined
  /** A part of the application server's name or of the label, in any case of letters. */
  readonly search?: string | undefined
  /** Default: `NEWEST`. A cursor belongs to the order that it was read in. */
  readonly sort?: TransactionKeySort | undefined
}

/** One page of keys, in the order that was asked for. */
export interface KeyPage {
  readonly keys: readonly TransactionKey[]
  /** Where the next page begins; null when this is the last. */
  readonly endCursor: string | null
  /** How many keys the filter lets through, on all pages together. */
  readonly totalCount: number
}

/** Reads one page of the keys that the filter lets through, each with what is to be thought of it. */
export async function readKeysPage(session: Session, options: KeyPageOptions = {}): Promise<KeyPage> {
  const { first = limits.batchMax, ...page } = options
  const { keys, ...rest } = await session.keyServer.run(transactionKeyPage, { ...page, first })
  const trustErrors = await session.trust.findTrustErrors(keys)
  const found = keys.map((key, index) => ({ ...key, trustError: trustErrors[index] ?? null }))
  return { ...rest, keys: await Promise.all(found.map((key) => withPossession(session, key))) }
}

interface DescribedPage extends Omit<KeyPage, 'keys'> {
  readonly keys: readonly DescribedTransactionKey[]
}

const transactionKeyPage: Operation<DescribedPage> = {
  kind: 'query',
  document: /* GraphQL */ `
    query TransactionKeyPage(
      $first: Int!
      $after: String
      $applicationServer: String
      $state: TransactionKeyState
      $search: String
      $sort: TransactionKeySort
    ) {
      account {
        transactionKeys(
          first: $first, after: $after, applicationServer: $applicationServer, state: $state, search: $search, sort: $sort
        ) {
          edges { node { ${transactionKeyFields} } }
          pageInfo { hasNextPage endCursor }
          totalCount
        }
      }
    }
  `,
  parse: async (data) => {
    const connection = data.object('account').object('transactionKeys')
    const pageInfo = connection.object('pageInfo')
    return {
      keys: await Promise.all(
        connection.list('edges').map((edge) => parseTransactionKey(edge.object('node'))),
      ),
      endCursor: pageInfo.boolean('hasNextPage') ? pageInfo.textOrNull('endCursor') : null,
      totalCount: connection.integer('totalCount'),
    }
  },
}
