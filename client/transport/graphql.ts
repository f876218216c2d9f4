import { Client, createRequest, fetchExchange, type CombinedError } from '@urql/core'
import { VaultError } from '../errors.ts'
import { ResponseReader } from './response-reader.ts'
import { toKeyServerError } from './server-error.ts'
import type { Fetch } from './signing-fetch.ts'

/** A GraphQL document, and how to read its answer. */
export interface Operation<T> {
  readonly kind: 'query' | 'mutation'
  readonly document: string
  /** Reads `data`. Throws VaultError ANSWER_MALFORMED. */
  readonly parse: (data: ResponseReader) => T | Promise<T>
}

export interface GraphqlClient {
  /**
   * Runs an operation. Variables that are undefined are left out; null is sent.
   *
   * @throws {KeyServerError} what the key server refused.
   * @throws {VaultError} NETWORK, TIMEOUT, CLOCKS_DIFFER, ANSWER_MALFORMED.
   */
  run<T>(operation: Operation<T>, variables?: Readonly<Record<string, unknown>>): Promise<T>
}

/** A client without a cache: every operation is one POST. */
export function graphqlClient({
  endpoint,
  fetch,
  explain,
}: {
  readonly endpoint: string
  readonly fetch: Fetch
  /** The error to throw in place of an error. Default: the error itself. */
  readonly explain?: ((error: Error) => Promise<Error>) | undefined
}): GraphqlClient {
  const client = new Client({
    url: endpoint,
    exchanges: [fetchExchange],
    fetch,
    requestPolicy: 'network-only',
    preferGetMethod: false,
  })
  let lastKey = 0
  return {
    run: async ({ kind, document, parse }, variables = {}) => {
      // urql shares one answer among operations of one key, a 32-bit hash of document and variables. Here each
      // operation has a key of its own: what was asked after a mutation must not get an answer from before it.
      lastKey += 1
      const request = { ...createRequest(document, variables), key: lastKey }
      const source =
        kind === 'query' ? client.executeQuery<unknown>(request) : client.executeMutation<unknown>(request)
      const { data, error } = await source.toPromise()
      if (error) {
        const failure = toFailure(error)
        throw explain === undefined ? failure : await explain(failure)
      }
      return parse(new ResponseReader(data))
    },
  }
}

function toFailure({ graphQLErrors, networkError }: CombinedError): Error {
  const [refusal] = graphQLErrors
  if (refusal) return toKeyServerError(refusal)
  return networkError instanceof VaultError ? networkError : new VaultError('ANSWER_MALFORMED')
}
