import { createRequest, stringifyDocument, type DocumentInput } from '@urql/core'
import { itemsOfConnection } from '../transport/subscription.ts'
import type { Session } from '../trust/session.ts'

/** A GraphQL document: text, or a parsed one, which may say what its data and variables are. */
export type GraphqlDocument<Data, Variables extends object> = string | ParsedDocument<Data, Variables>

/**
 * A document as parsers and code generators make it: `DocumentNode` of `graphql`, or `TypedDocumentNode`. Its own type, so that
 * programs compile without those packages, and without the "dom" that their types ask for.
 */
export interface ParsedDocument<Data, Variables extends object> {
  readonly kind: string
  readonly definitions: readonly object[]
  /** Holds types alone: there is no such member. */
  readonly __apiType?: ((variables: Variables) => Data) | undefined
}

/**
 * Runs a query or a mutation of the caller's own, signed.
 *
 * @throws {KeyServerError} the first error of the answer, also where it has data beside.
 * @throws {VaultError} NETWORK, TIMEOUT, ANSWER_MALFORMED.
 */
export function runDocument<Data, Variables extends object>(
  { keyServer }: Session,
  document: GraphqlDocument<Data, Variables>,
  variables: Variables | undefined,
): Promise<Data> {
  const text = textOf(document)
  return keyServer.run(
    {
      kind: isMutation(text) ? 'mutation' : 'query',
      document: text,
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
export function subscribeDocument<Data, Variables extends object>(
  { url, signer, options }: Session,
  document: GraphqlDocument<Data, Variables>,
  { variables, signal }: { readonly variables: Variables | undefined; readonly signal: AbortSignal },
): AsyncGenerator<Data, void, undefined> {
  return itemsOfConnection(
    { url, signer, webSocketImpl: options.webSocketImpl },
    {
      document: textOf(document),
      variables: { ...variables },
      parse: (data) => typed(document, data.toObject()),
      signal,
    },
  )
}

function textOf(document: GraphqlDocument<unknown, never>): string {
  if (isUrqlDocument(document)) return stringifyDocument(document)
  throw new TypeError('A document is a text, or has definitions.')
}

function isUrqlDocument(document: GraphqlDocument<unknown, never>): document is Exclude<DocumentInput, void> {
  return typeof document === 'string' || Array.isArray(document.definitions)
}

function isMutation(document: string): boolean {
  return createRequest(document, {}).query.definitions.some(
    (definition) => 'operation' in definition && /^mutation$/.test(definition.operation),
  )
}

/** That the data is of the document's type is the word of whoever typed it: the key server is not believed more. */
function typed<Data, Variables extends object>(
  document: GraphqlDocument<Data, Variables>,
  data: object,
): Data {
  if (isOf(document, data)) return data
  throw new TypeError('A document has data.')
}

function isOf<Data, Variables extends object>(
  document: GraphqlDocument<Data, Variables>,
  data: unknown,
): data is Data {
  return document !== '' && typeof data === 'object'
}
