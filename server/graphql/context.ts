import DataLoader from 'dataloader'
import type { GraphQLContext, Reference } from '../../schema/graphql/context.ts'
import type { ManagementKey, TransactionKey } from '../../schema/graphql/domain.ts'
import type { Database } from '../database/connect.ts'
import { countedAddress } from '../lib/counted-address.ts'
import { selectManagementKeysById, selectWrappedFor } from '../management-keys/management-key-rows.ts'
import type { SignedRequest } from '../auth/signed-request.ts'
import type { Services } from '../services.ts'
import { selectTransactionKeysById } from '../transaction-keys/transaction-key-rows.ts'
import type { TransportContext } from './engine.ts'

/**
 * The ports of one request, and its loaders. Each is made when it is asked for first: a request asks for few of them, and a
 * subscription keeps them for as long as it lasts.
 */
export class RequestContext implements GraphQLContext {
  readonly signedRequest: SignedRequest
  readonly #services: Services
  readonly #clientAddress: string
  readonly #made: { -readonly [Member in keyof GraphQLContext]?: GraphQLContext[Member] } = {}

  constructor(services: Services, { signedRequest, clientAddress }: TransportContext) {
    this.signedRequest = signedRequest
    this.#services = services
    this.#clientAddress = clientAddress
  }

  get accounts() {
    return (this.#made.accounts ??= this.#services.accounts.forRequest(this.signedRequest, {
      rates: this.#rates,
    }))
  }

  get managementKeys() {
    return (this.#made.managementKeys ??= this.#services.managementKeys.forRequest(this.signedRequest))
  }

  get transactionKeys() {
    return (this.#made.transactionKeys ??= this.#services.transactionKeys.forRequest(this.signedRequest))
  }

  get acquisitions() {
    return (this.#made.acquisitions ??= this.#services.acquisitions.forRequest(this.signedRequest, {
      rates: this.#rates,
    }))
  }

  get verification() {
    return (this.#made.verification ??= this.#services.verification.forRequest({ rates: this.#rates }))
  }

  get alerts() {
    return (this.#made.alerts ??= this.#services.alerts.forRequest(this.signedRequest))
  }

  get webhooks() {
    return (this.#made.webhooks ??= this.#services.webhooks.forRequest(this.signedRequest))
  }

  get channels() {
    return (this.#made.channels ??= this.#services.channels.forRequest(this.signedRequest))
  }

  get pairings() {
    return (this.#made.pairings ??= this.#services.pairings.forRequest(this.signedRequest, this.#client))
  }

  get applicationServers() {
    return (this.#made.applicationServers ??= this.#services.applicationServers.forRequest(
      this.signedRequest,
      this.#client,
    ))
  }

  get keyChanges() {
    return (this.#made.keyChanges ??= this.#services.keyChanges.forRequest(this.signedRequest))
  }

  get audit() {
    return this.#services.audit
  }

  get keyServer() {
    return this.#services.keyServer
  }

  get loaders() {
    return (this.#made.loaders ??= createLoaders(this.#services.databases.reads.db))
  }

  get #rates() {
    return this.#services.rates.of(this.#clientAddress)
  }

  get #client() {
    return { clientAddress: countedAddress(this.#clientAddress), rates: this.#rates }
  }
}

/** The members as properties of the object itself: the only ones that Yoga takes. */
export function membersOf(context: RequestContext): GraphQLContext {
  return {
    accounts: context.accounts,
    managementKeys: context.managementKeys,
    transactionKeys: context.transactionKeys,
    acquisitions: context.acquisitions,
    verification: context.verification,
    alerts: context.alerts,
    webhooks: context.webhooks,
    channels: context.channels,
    pairings: context.pairings,
    applicationServers: context.applicationServers,
    keyChanges: context.keyChanges,
    audit: context.audit,
    keyServer: context.keyServer,
    loaders: context.loaders,
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
