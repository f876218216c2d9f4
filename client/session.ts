import type { ManagementKey } from './crypto/management-key.ts'
import { requestSigner, type RequestSigner } from './crypto/request-signer.ts'
import type { ManagementKeyRecord } from './keystore/keystore.ts'
import { createClock, type Clock } from './transport/clock.ts'
import { httpEndpoint } from './transport/endpoint.ts'
import { graphqlClient, type GraphqlClient } from './transport/graphql.ts'
import { signingFetch, type Fetch } from './transport/signing-fetch.ts'
import type { TrustMemory } from './trust/memory.ts'
import { Trust } from './trust/trust.ts'

/** How to reach the key server. All have defaults. */
export interface ConnectionOptions {
  /** How long one attempt of a request may take. A request has at most three attempts. Default: 10,000. */
  readonly timeoutMs?: number | undefined
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch | undefined
  /** A WebSocket class. Default: the global `WebSocket`. */
  readonly webSocketImpl?: unknown
}

/** What every operation of a vault works with. */
export interface Session {
  /** The key server's origin. */
  readonly url: string
  readonly owner: string
  readonly managementKey: ManagementKey
  readonly signer: RequestSigner
  readonly clock: Clock
  /** Sends signed operations. */
  readonly keyServer: GraphqlClient
  /** What of the key server's answers this device believes. */
  readonly trust: Trust
  readonly options: ConnectionOptions
}

/** Prepares a session. Sends nothing. `memory` is the keystore's. */
export function openSession(
  record: ManagementKeyRecord,
  { memory, ...options }: ConnectionOptions & { readonly memory?: TrustMemory | undefined },
): Session {
  const { url, owner, id, signing, wrapping, wrappingSecret, anchors = [] } = record
  const managementKey = { id, signing, wrapping, wrappingSecret }
  const clock = createClock()
  const signer = requestSigner(managementKey, clock)
  const endpoint = httpEndpoint(url)
  const keyServer = graphqlClient({ endpoint, fetch: signingFetch({ ...options, clock, signer }) })
  const trust = new Trust({ owner, managementKey, anchors, memory, keyServer, clock })
  return { url, owner, managementKey, signer, clock, keyServer, trust, options }
}
