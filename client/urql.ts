/** `claviger/urql`: an exchange for urql, so that its client signs what it sends with a vault's management key. */
import { subscriptionExchange, type Exchange } from '@urql/core'
import { KeyServerError } from '../schema/wire/errors.ts'
import { VaultError } from './errors.ts'

/** The part of a `Vault` that the exchange calls. */
export interface DocumentSender {
  graphql(document: string, variables: object): Promise<object>
  subscribe(
    document: string,
    options: { readonly variables: object; readonly signal: AbortSignal },
  ): AsyncIterable<object>
}

/**
 * Sends queries, mutations and subscriptions as the vault's management key. Put it last, behind `cacheExchange` for one: it
 * passes nothing on. A refusal of the key server is a GraphQL error with its `code`, as is what fails on this side.
 *
 * The result of a document of your own is the key server's word: no certificate is checked, as `vault.keys` does.
 */
export function clavigerExchange(vault: DocumentSender): Exchange {
  return subscriptionExchange({
    enableAllOperations: true,
    forwardSubscription: ({ query = '', variables }, { kind }) => ({
      subscribe: (sink) => {
        const ended = new AbortController()
        const { signal } = ended
        const run = async () => {
          try {
            if (kind === 'subscription') {
              const items = vault.subscribe(query, { variables: { ...variables }, signal })
              for await (const data of items) sink.next({ data })
            } else {
              const data = await vault.graphql(query, { ...variables })
              if (!signal.aborted) sink.next({ data })
            }
          } catch (error) {
            if (!signal.aborted) sink.next({ errors: [toGraphqlError(error)] })
          }
          if (!signal.aborted) sink.complete()
        }
        void run()
        return {
          unsubscribe: () => {
            ended.abort()
          },
        }
      },
    }),
  })
}

function toGraphqlError(error: unknown): { message: string; extensions: Record<string, unknown> } {
  if (error instanceof KeyServerError) {
    return { message: error.message, extensions: { code: error.code, ...error.details } }
  }
  if (error instanceof VaultError) return { message: error.message, extensions: { code: error.code } }
  return { message: 'The operation failed.', extensions: {} }
}
