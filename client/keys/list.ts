import { applicationServerName } from '../../schema/wire/application-server.ts'
import type { TransactionKeyState } from '../../schema/wire/enums.ts'
import { limits } from '../../schema/wire/limits.ts'
import type { Operation } from '../transport/graphql.ts'
import { pagesOf, type PageOf, type Pages } from '../transport/pages.ts'
import type { Session } from '../trust/session.ts'
import {
  assertExpected,
  parseTransactionKey,
  transactionKeyFields,
  withTrustError,
  type DescribedTransactionKey,
  type TransactionKey,
} from './transaction-key.ts'

interface KeyFilter {
  readonly applicationServer?: string | undefined
  readonly state?: TransactionKeyState | undefined
}

/** Reads the keys that match the filter, newest first. */
export function readKeys(
  session: Session,
  { applicationServer, state }: KeyFilter = {},
): Pages<TransactionKey> {
  const name = applicationServer === undefined ? undefined : applicationServerName(applicationServer)
  const filter = { applicationServer: name, state }
  return pagesOf(async (after) => {
    const { items, next } = await readKeyPage(session, { ...filter, after, first: limits.batchMax })
    const keys: TransactionKey[] = []
    // One after the other, so that the account is read once for a signer that is not known yet.
    for (const item of items) keys.push(await withTrustError(session, item))
    return { items: keys, next }
  })
}

/** Reads one page of descriptions, newest first. */
export function readKeyPage(
  session: Session,
  page: KeyFilter & { readonly after?: string | null; readonly first: number },
): Promise<PageOf<DescribedTransactionKey>> {
  return session.keyServer.run(transactionKeys, { ...page })
}

/** Null when the account has no such key. */
export async function readKey(session: Session, id: string): Promise<TransactionKey | null> {
  const described = await readDescription(session, id)
  return described && withTrustError(session, described)
}

/** Reads a description, not verified. Null when the account has no such key. @throws {VaultError} KEY_MISMATCH. */
export async function readDescription(session: Session, id: string): Promise<DescribedTransactionKey | null> {
  const described = await session.keyServer.run(transactionKey, { id })
  if (described !== null) assertExpected(described, { id })
  return described
}

const transactionKeys: Operation<PageOf<DescribedTransactionKey>> = {
  kind: 'query',
  document: /* GraphQL */ `
    query TransactionKeys($first: Int!, $after: String, $applicationServer: String, $state: TransactionKeyState) {
      account {
        transactionKeys(first: $first, after: $after, applicationServer: $applicationServer, state: $state) {
          edges { node { ${transactionKeyFields} } }
          pageInfo { hasNextPage endCursor }
        }
      }
    }
  `,
  parse: async (data) => {
    const connection = data.object('account').object('transactionKeys')
    const pageInfo = connection.object('pageInfo')
    return {
      items: await Promise.all(
        connection.list('edges').map((edge) => parseTransactionKey(edge.object('node'))),
      ),
      next: pageInfo.boolean('hasNextPage') ? pageInfo.textOrNull('endCursor') : null,
    }
  },
}

const transactionKey: Operation<DescribedTransactionKey | null> = {
  kind: 'query',
  document: `query TransactionKey($id: ID!) { transactionKey(id: $id) { ${transactionKeyFields} } }`,
  parse: (data) => {
    const answer = data.objectOrNull('transactionKey')
    return answer === null ? null : parseTransactionKey(answer)
  },
}
