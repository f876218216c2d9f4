import DataLoader from 'dataloader'
import type { GraphQLContext, Reference } from '../../schema/graphql/context.ts'
import type { ManagementKey } from '../../schema/graphql/domain.ts'
import { selectHolders, selectManagementKeysById } from '../management-keys/management-key-rows.ts'
import type { Database } from '../database/connect.ts'
import { selectTransactionKeysById } from '../transaction-keys/transaction-key-rows.ts'

/**
 * The look-ups of one request. Nothing is remembered between two of them: within a request a mutation may have changed
 * what was read before.
 */
export function createLoaders(db: Database): GraphQLContext['loaders'] {
  return {
    transactionKey: loaderOf(async (accountId, ids) => {
      const keys = await selectTransactionKeysById(db, accountId, ids)
      return new Map(keys.map((key) => [key.id, key]))
    }),
    managementKey: loaderOf(async (accountId, ids) => {
      const keys = await selectManagementKeysById(db, accountId, ids)
      return new Map(keys.map((key) => [key.id, key]))
    }),
    wrappedFor: loaderOf(async (accountId, ids) => {
      const holders = new Map<string, ManagementKey[]>(ids.map((id) => [id, []]))
      for (const { transactionKeyId, managementKey } of await selectHolders(db, accountId, ids)) {
        holders.get(transactionKeyId)?.push(managementKey)
      }
      return holders
    }),
  }
}

/** A loader over one account's rows: a request sees no other account's. */
function loaderOf<Value>(
  select: (accountId: string, ids: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
): DataLoader<Reference, Value> {
  return new DataLoader<Reference, Value>(
    async (references) => {
      const byAccount = Map.groupBy(references, ({ accountId }) => accountId)
      const found = new Map<string, ReadonlyMap<string, Value>>()
      for (const [accountId, ofAccount] of byAccount) {
        found.set(accountId, await select(accountId, [...new Set(ofAccount.map(({ id }) => id))]))
      }
      return references.map(
        ({ accountId, id }) => found.get(accountId)?.get(id) ?? new TypeError('A referenced row is missing.'),
      )
    },
    { cache: false },
  )
}
