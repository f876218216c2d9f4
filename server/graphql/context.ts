import type { GraphQLContext } from '../../schema/graphql/context.ts'
import type { RequestCaller } from '../auth/signed-request.ts'
import type { Services } from '../services.ts'
import { createLoaders } from './loaders.ts'

/** The ports of one request. */
export function createContext(services: Services, caller: RequestCaller): GraphQLContext {
  const {
    accounts,
    managementKeys,
    transactionKeys,
    acquisitions,
    verification,
    alerts,
    webhooks,
    pairings,
    applicationServers,
    keyChanges,
    keyServer,
  } = services
  return {
    caller,
    accounts: accounts.forRequest(),
    managementKeys,
    transactionKeys,
    acquisitions,
    verification: verification.forRequest(),
    alerts,
    webhooks,
    pairings,
    applicationServers,
    keyChanges,
    keyServer,
    loaders: createLoaders(services.databases.reads.db),
  }
}
