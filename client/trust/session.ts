import type { ManagementKey } from '../crypto/management-key.ts'
import { managementKeySigner, type MessageSigner } from '../transport/message-signer.ts'
import type { ManagementKeyRecord } from '../keystore/keystore.ts'
import { createClock, type Clock } from '../transport/clock.ts'
import { httpEndpoint } from '../transport/endpoint.ts'
import { graphqlClient, type GraphqlClient } from '../transport/graphql.ts'
import { signingFetch } from '../transport/signing-fetch.ts'
import { explainRefusal } from '../transport/explain-refusal.ts'
import type { TrustStore } from '../keystore/trust-store.ts'
import { Trust } from './trust.ts'
import type { ConnectionOptions } from '../transport/connection-options.ts'

/** The context of every operation of a vault. */
export interface Session {
  /** The key server's origin. */
  readonly url: string
  readonly owner: string
  readonly managementKey: ManagementKey
  readonly signer: MessageSigner
  readonly clock: Clock
  /** Sends signed operations. */
  readonly keyServer: GraphqlClient
  /** Verifies the key server's answers. */
  readonly trust: Trust
  readonly options: ConnectionOptions
}

/** Creates a session. It sends nothing. `trustStore` is that of the keystore. */
export function openSession(
  record: ManagementKeyRecord,
  { trustStore, ...options }: ConnectionOptions & { readonly trustStore?: TrustStore | undefined },
): Session {
  const { url, owner, id, signing, wrapping, wrappingSecret, kind, anchors = [] } = record
  const managementKey = { id, signing, wrapping, wrappingSecret, kind }
  const clock = createClock()
  const signer = managementKeySigner(managementKey, clock)
  const endpoint = httpEndpoint(url)
  const keyServer = graphqlClient({
    endpoint,
    fetch: signingFetch({ ...options, clock, signer }),
    explain: (error) => explainRefusal(error, { ...options, url }),
  })
  const trust = new Trust({ owner, managementKey, anchors, trustStore, keyServer, clock })
  return { url, owner, managementKey, signer, clock, keyServer, trust, options }
}
