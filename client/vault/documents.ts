import { createRequest, stringifyDocument, type AnyVariables, type DocumentInput } from '@urql/core'
import { itemsOfConnection } from '../transport/subscription.ts'
import type { Session } from '../trust/session.ts'

/** A GraphQL document: text, or a typed one as code generators make them, which says what its data and variables are. */
export type GraphqlDocument<Data, Variables extends AnyVariables> = DocumentInput<Data, Variables>

/**
 * Runs a query or a mutation of the caller's own, signed.
 *
 * @throws {KeyServerError} the first error of the answer, also where it has data beside.
 * @throws {VaultError} NETWORK, TIMEOUT, ANSWER_MALFORMED.
 */
export function runDocument<Data, Variables extends AnyVariables>(
  { keyServer }: Session,
  document: GraphqlDocument<Data, Variables>,
  variables: Variables | undefined,
): Promise<Data> {
  return keyServer.run(
    {
      kind: isMutation(document) ? 'mutation' : 'query',
      document: stringifyDocument(document),
      parse: (data) => typed(document, data.toObject()),
    },
    { ...variables },
  )
}

/**
 * Runs a subscription of the caller's own over one WebSocket that the management key has signed for. It ends with its
 * connection, so resume by a cursor; `vault.alerts` does that by itself.
 *
 * @throws {KeyServerError} and {VaultError} from the loop, as {@link runDocument}.
 */
export function subscribeDocument<Data, Variables extends AnyVariables>(
  { url, signer, options }: Session,
  document: GraphqlDocument<Data, Variables>,
  { variables, signal }: { readonly variables: Variables | undefined; readonly signal: AbortSignal },
): AsyncGenerator<Data, void, undefined> {
  return itemsOfConnection(
    { url, signer, webSocketImpl: options.webSocketImpl },
    {
      document: stringifyDocument(document),
      variables: { ...variables },
      parse: (data) => typed(document, data.toObject()),
      signal,
    },
  )
}

function isMutation(document: DocumentInput): boolean {
  return createRequest(document, {}).query.definitions.some(
    (definition) => 'operation' in definition && /^mutation$/.test(definition.operation),
  )
}

/** That the data is of the document's type is the word of whoever typed it: the key server is not believed more. */
function typed<Data, Variables extends AnyVariables>(
  document: GraphqlDocument<Data, Variables>,
  data: object,
): Data {
  if (isOf(document, data)) return data
  throw new TypeError('A document has data.')
}

function isOf<Data, Variables extends AnyVariables>(
  document: GraphqlDocument<Data, Variables>,
  data: unknown,
): data is Data {
  return document !== '' && typeof data === 'object'
}
