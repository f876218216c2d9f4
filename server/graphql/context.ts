import type { GraphQLContext } from '../../schema/graphql/context.ts'
import type { SignedRequest } from '../auth/signed-request.ts'
import type { Services } from '../services.ts'
import { createLoaders } from './loaders.ts'

/** The ports of one request. */
export function createContext(services: Services, request: SignedRequest): GraphQLContext {
  return {
    accounts: services.accounts.forRequest(request),
    managementKeys: services.managementKeys.forRequest(request),
    transactionKeys: services.transactionKeys.forRequest(request),
    acquisitions: services.acquisitions.forRequest(request),
    verification: services.verification.forRequest(),
    alerts: services.alerts.forRequest(request),
    webhooks: services.webhooks.forRequest(request),
    pairings: services.pairings.forRequest(request),
    applicationServers: services.applicationServers.forRequest(request),
    keyChanges: services.keyChanges.forRequest(request),
    keyServer: services.keyServer,
    loaders: createLoaders(services.databases.reads.db),
  }
}
