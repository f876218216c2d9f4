import type { GraphQLContext } from '../../schema/graphql/context.ts'
import type { Services } from '../services.ts'
import type { TransportContext } from './engine.ts'
import { createLoaders } from './loaders.ts'

/** The ports of one request. */
export function createContext(
  services: Services,
  { signedRequest: request, clientAddress }: TransportContext,
): GraphQLContext {
  return {
    accounts: services.accounts.forRequest(request),
    managementKeys: services.managementKeys.forRequest(request),
    transactionKeys: services.transactionKeys.forRequest(request),
    acquisitions: services.acquisitions.forRequest(request),
    verification: services.verification.forRequest(),
    alerts: services.alerts.forRequest(request),
    webhooks: services.webhooks.forRequest(request),
    pairings: services.pairings.forRequest(request, { clientAddress }),
    applicationServers: services.applicationServers.forRequest(request, { clientAddress }),
    keyChanges: services.keyChanges.forRequest(request),
    keyServer: services.keyServer,
    loaders: createLoaders(services.databases.reads.db),
  }
}
