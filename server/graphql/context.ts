import DataLoader from 'dataloader'
import type { GraphQLContext, Reference } from '../../schema/graphql/context.ts'
import type { ManagementKey, TransactionKey } from '../../schema/graphql/domain.ts'
import type { Database } from '../database/connect.ts'
import { countedAddress } from '../lib/counted-address.ts'
import { selectManagementKeysById, selectWrappedFor } from '../management-keys/management-key-rows.ts'
import type { Services } from '../services.ts'
import { selectTransactionKeysById } from '../transaction-keys/transaction-key-rows.ts'
import type { TransportContext } from './engine.ts'

/**
 * The ports of one request, and its loaders. Each is made when it is asked for first: a request asks for few of them, and a
 * subscription keeps them for as long as it lasts.
 */
export function createContext(
  services: Services,
  { signedRequest: request, ...transport }: TransportContext,
): GraphQLContext {
  const clientAddress = countedAddress(transport.clientAddress)
  const rates = services.rates.of(transport.clientAddress)
  const made: { -readonly [Member in keyof GraphQLContext]?: GraphQLContext[Member] } = {}
  return {
    get accounts() {
      return (made.accounts ??= services.accounts.forRequest(request, { rates }))
    },
    get managementKeys() {
      return (made.managementKeys ??= services.managementKeys.forRequest(request))
    },
    get transactionKeys() {
      return (made.transactionKeys ??= services.transactionKeys.forRequest(request))
    },
    get acquisitions() {
      return (made.acquisitions ??= services.acquisitions.forRequest(request, { rates }))
    },
    get verification() {
      return (made.verification ??= services.verification.forRequest({ rates }))
    },
    get alerts() {
      return (made.alerts ??= services.alerts.forRequest(request))
    },
    get webhooks() {
      return (made.webhooks ??= services.webhooks.forRequest(request))
    },
    get channels() {
      return (made.channels ??= services.channels.forRequest(request))
    },
    get pairings() {
      return (made.pairings ??= services.pairings.forRequest(request, { clientAddress, rates }))
    },
    get applicationServers() {
      return (made.applicationServers ??= services.applicationServers.forRequest(request, {
        clientAddress,
        rates,
      }))
    },
    get keyChanges() {
      return (made.keyChanges ??= services.keyChanges.forRequest(request))
    },
    get loaders() {
      return (made.loaders ??= createLoaders(services.databases.reads.db))
    },
    audit: services.audit,
    keyServer: services.keyServer,
  }
}

/**
 * The look-ups of one request, gathered into one statement for each noun. Nothing is cached: a mutation of the same request
 * may have changed a row that was read before.
 */
function createLoaders(db: Database): GraphQLContext['loaders'] {
  return {
    transactionKey: loaderOf(async (accountId, ids) => {
      const keys = await selectTransactionKeysById(db, accountId, ids)
      return new Map(keys.map((key) => [key.id, key]))
    }),
    managementKey: loaderOf(async (accountId, ids) => {
      const keys = await selectManagementKeysById(db, accountId, ids)
      return new Map(keys.map((key) => [key.id, key]))
    }),
    findTransactionKey: loaderOf<TransactionKey | null>(async (accountId, ids) => {
      const keys = await selectTransactionKeysById(db, accountId, ids)
      const byId = new Map(keys.map((key) => [key.id, key]))
      return new Map(ids.map((id) => [id, byId.get(id) ?? null]))
    }),
    wrappedFor: loaderOf(async (accountId, ids) => {
      const wrappedFor = new Map<string, ManagementKey[]>(ids.map((id) => [id, []]))
      for (const { transactionKeyId, managementKey } of await selectWrappedFor(db, accountId, ids)) {
        wrappedFor.get(transactionKeyId)?.push(managementKey)
      }
      return wrappedFor
    }),
  }
}

/** A loader of rows by account and id: a statement reads the rows of one account. */
function loaderOf<Value>(
  select: (accountId: string, ids: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
): DataLoader<Reference, Value> {
  return new DataLoader<Reference, Value>(
    async (references) => {
      const byAccount = Map.groupBy(references, ({ accountId }) => accountId)
      const found = new Map<string, ReadonlyMap<string, Value>>()
      for (const [accountId, ofOne] of byAccount) {
        found.set(accountId, await select(accountId, [...new Set(ofOne.map(({ id }) => id))]))
      }
      return references.map(({ accountId, id }) => {
        const value = found.get(accountId)?.get(id)
        return value === undefined ? new TypeError('A referenced row is missing.') : value
      })
    },
    { cache: false },
  )
}
