import { createClock } from './clock.ts'
import { httpEndpoint, keyServerOrigin } from './endpoint.ts'
import { graphqlClient, type GraphqlClient } from './graphql.ts'
import { signingFetch } from './signing-fetch.ts'
import type { ConnectionOptions } from './connection-options.ts'

/** A client for operations that need no signature. */
export function unsignedClient({
  url,
  ...options
}: { readonly url: string } & ConnectionOptions): GraphqlClient {
  const endpoint = httpEndpoint(keyServerOrigin(url))
  return graphqlClient({ endpoint, fetch: signingFetch({ ...options, clock: createClock() }) })
}
