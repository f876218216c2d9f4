import type { OverusePolicy, RevocationReason, TransactionKeyState } from '../../schema/graphql/domain.ts'
import { limits } from '../../schema/wire/limits.ts'
import { pagesOf, type PageOf, type Pages } from '../pages.ts'
import type { Session } from '../session.ts'
import type { Operation } from '../transport/graphql.ts'
import { parseTransactionKey, transactionKeyFields, type TransactionKey } from './transaction-key.ts'

/** What can change of a key. Absent members stay as they are; null removes. */
export interface KeyChanges {
  readonly label?: string | null | undefined
  /** Extending a term arms its notices anew. */
  readonly expiresAt?: Date | null | undefined
  readonly expiryNotices?: readonly number[] | null | undefined
  readonly maxUses?: number | null | undefined
  readonly overusePolicy?: OverusePolicy | undefined
}

interface KeyFilter {
  readonly applicationServer?: string | undefined
  readonly state?: TransactionKeyState | undefined
}

/** Reads the keys that the filter lets through, newest first. */
export function readKeys(session: Session, filter: KeyFilter = {}): Pages<TransactionKey> {
  return pagesOf((after) => readKeyPage(session, { ...filter, after, first: limits.batchMax }))
}

/** Reads one page of keys, newest first. */
export function readKeyPage(
  session: Session,
  page: KeyFilter & { readonly after?: string | null; readonly first: number },
): Promise<PageOf<TransactionKey>> {
  return session.keyServer.run(transactionKeys, { ...page })
}

/** Null when the account has no such key. */
export function readKey(session: Session, id: string): Promise<TransactionKey | null> {
  return session.keyServer.run(transactionKey, { id })
}

export function updateKey(session: Session, id: string, changes: KeyChanges): Promise<TransactionKey> {
  const { label, expiresAt, expiryNotices, maxUses, overusePolicy } = changes
  const input = {
    id,
    label,
    expiresAt: expiresAt instanceof Date ? expiresAt.toISOString() : expiresAt,
    expiryNotices,
    maxUses,
    overusePolicy,
  }
  return session.keyServer.run(updateTransactionKey, { input })
}

export function revokeKey(
  session: Session,
  id: string,
  { reason = 'UNSPECIFIED' }: { readonly reason?: RevocationReason | undefined } = {},
): Promise<TransactionKey> {
  return session.keyServer.run(revokeTransactionKey, { id, reason })
}

export function destroyKey(session: Session, id: string): Promise<TransactionKey> {
  return session.keyServer.run(destroyTransactionKey, { id })
}

const transactionKeys: Operation<PageOf<TransactionKey>> = {
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

const transactionKey: Operation<TransactionKey | null> = {
  kind: 'query',
  document: `query TransactionKey($id: ID!) { transactionKey(id: $id) { ${transactionKeyFields} } }`,
  parse: (data) => {
    const answer = data.objectOrNull('transactionKey')
    return answer === null ? null : parseTransactionKey(answer)
  },
}

const updateTransactionKey: Operation<TransactionKey> = {
  kind: 'mutation',
  document: /* GraphQL */ `
    mutation UpdateTransactionKey($input: UpdateTransactionKeyInput!) {
      updateTransactionKey(input: $input) { ${transactionKeyFields} }
    }
  `,
  parse: (data) => parseTransactionKey(data.object('updateTransactionKey')),
}

const revokeTransactionKey: Operation<TransactionKey> = {
  kind: 'mutation',
  document: /* GraphQL */ `
    mutation RevokeTransactionKey($id: ID!, $reason: RevocationReason!) {
      revokeTransactionKey(id: $id, reason: $reason) { ${transactionKeyFields} }
    }
  `,
  parse: (data) => parseTransactionKey(data.object('revokeTransactionKey')),
}

const destroyTransactionKey: Operation<TransactionKey> = {
  kind: 'mutation',
  document: `mutation DestroyTransactionKey($id: ID!) { destroyTransactionKey(id: $id) { ${transactionKeyFields} } }`,
  parse: (data) => parseTransactionKey(data.object('destroyTransactionKey')),
}
