import { parse, validate } from 'graphql'
import { createYoga, type Plugin } from 'graphql-yoga'
import type { GraphQLContext } from '../../schema/graphql/context.ts'
import { schema } from '../../schema/graphql/index.ts'
import type { SignedRequest } from '../auth/signed-request.ts'
import type { Logger } from '../lib/log.ts'
import type { Services } from '../services.ts'
import { createContext } from './context.ts'
import { createDocumentCache, noCache } from './document-cache.ts'
import { createErrorMask } from './errors.ts'
import { useIntrospectionCache } from './introspection-cache.ts'
import { useOperationGuard } from './operation-guard.ts'
import { queryLimits, queryLimitsRule } from './query-limits.ts'

/** What a transport hands over with a request: its signature, and the parsed body. */
export interface TransportContext {
  readonly signedRequest: SignedRequest
  readonly params: GraphQLParams
  /** The client that the request is counted for. */
  readonly clientAddress: string
  /** Called when the answer is a stream, which may last. */
  readonly onStream?: () => void
}

/** The members of a GraphQL request's body (GraphQL over HTTP). Yoga checks them. */
export type GraphQLParams = Record<string, unknown>

export type GraphQLEngine = ReturnType<typeof createGraphQLEngine>

/** Parses, validates and executes, for all transports. */
export function createGraphQLEngine(services: Services, { log }: { readonly log: Logger }) {
  const maskError = createErrorMask(log)
  return createYoga<TransportContext, GraphQLContext>({
    schema,
    graphqlEndpoint: '/graphql',
    context: (transport) => createContext(services, transport),
    // The front serves it: Yoga's loads its files from other origins.
    graphiql: false,
    landingPage: false,
    // The front does these: it reads a bounded body once, because the signature covers its bytes.
    cors: false,
    multipart: false,
    batching: false,
    maxRequestBodySize: false,
    logging: false,
    maskedErrors: { maskError },
    parserAndValidationCache: { documentCache: createDocumentCache(), errorCache: noCache },
    plugins: [
      useParsedBody(),
      useStreamNotice(),
      useQueryLimits(),
      useMaskedValidation(maskError),
      useIntrospectionCache(),
      useOperationGuard(),
    ],
  })
}

function useStreamNotice(): Plugin<GraphQLContext & TransportContext> {
  return {
    onSubscribe({ args }) {
      args.contextValue.onStream?.()
    },
  }
}

/** Takes the body that the front has read and parsed. */
function useParsedBody(): Plugin<GraphQLContext, TransportContext> {
  return {
    onRequestParse({ serverContext, setRequestParser }) {
      setRequestParser(() => serverContext.params)
    },
  }
}

function useQueryLimits(): Plugin {
  return {
    onParse({ setParseFn }) {
      setParseFn((source: Parameters<typeof parse>[0], options?: object) =>
        parse(source, { ...options, maxTokens: queryLimits.tokensMax }),
      )
    },
    onValidate({ validateFn, setValidationFn }) {
      // First and alone: some rules of graphql-js compare each field with each other.
      const validateAll: typeof validate = validateFn
      const validateBounded: typeof validate = (schemaOfRequest, document, ...rest) => {
        const errors = validate(schemaOfRequest, document, [queryLimitsRule])
        return errors.length > 0 ? errors : validateAll(schemaOfRequest, document, ...rest)
      }
      setValidationFn(validateBounded)
    },
  }
}

/** Yoga masks what parsing and execution throw, and sends the errors of validation as they are. */
function useMaskedValidation(maskError: ReturnType<typeof createErrorMask>): Plugin {
  return {
    onValidate() {
      return ({ valid, result, setResult }) => {
        if (!valid) setResult(result.map(maskError))
      }
    },
  }
}
