import { parse, validate, type DocumentNode, type ExecutionResult } from 'graphql'
import { createYoga, type Plugin } from 'graphql-yoga'
import { LRUCache } from 'lru-cache'
import type { GraphQLContext } from '../../schema/graphql/context.ts'
import { schema } from '../../schema/graphql/index.ts'
import type { SignedRequest } from '../auth/signed-request.ts'
import type { Logger } from '../lib/log.ts'
import type { Services } from '../services.ts'
import { membersOf, RequestContext } from './context.ts'
import { createErrorMask } from './errors.ts'
import { useIntrospectionCache } from './introspection-cache.ts'
import { createKnownOperations, type KnownOperationsOptions } from './known-operations.ts'
import { createKnownSubscriptions } from './known-subscriptions.ts'
import { OperationGuard, useOperationGuard } from './operation-guard.ts'
import { queryLimits, queryLimitsRule } from './query-limits.ts'

/** The facts that a transport hands over with a request: its signature, and the parsed body. */
export interface TransportContext {
  readonly signedRequest: SignedRequest
  readonly params: GraphQLParams
  /** The address of the client. It is counted as `countedAddress` says. */
  readonly clientAddress: string
  /** Called when the answer is a stream, which may last. */
  readonly onStream?: () => void
  /** The result, where the operation was executed before: Yoga writes the answer. */
  readonly result?: ExecutionResult
}

/** The members of a GraphQL request's body (GraphQL over HTTP). Yoga checks them. */
export type GraphQLParams = Record<string, unknown>

export type GraphQLEngine = ReturnType<typeof createGraphQLEngine>

/** Parses, validates and executes, for all transports. */
export function createGraphQLEngine(services: Services, { log }: { readonly log: Logger }) {
  const maskError = createErrorMask(log)
  const guard = new OperationGuard()
  const yoga = createYoga<TransportContext, GraphQLContext>({
    schema,
    graphqlEndpoint: '/graphql',
    context: (transport) => membersOf(new RequestContext(services, transport)),
    // The console has an explorer. Yoga's GraphiQL loads its files from other origins.
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
      useOperationGuard(guard),
    ],
  })
  const options: KnownOperationsOptions = {
    guard,
    createContext: (transport) => new RequestContext(services, transport),
    maskError,
  }
  return Object.assign(yoga, {
    /** Executes operations that come again and again, for transports that hand on the result. */
    executeKnown: createKnownOperations(options),
    /** Prepares subscriptions, for transports that hand on the results. */
    prepareKnownSubscription: createKnownSubscriptions(options),
  })
}

function useStreamNotice(): Plugin<GraphQLContext & TransportContext> {
  return {
    onSubscribe({ args }) {
      args.contextValue.onStream?.()
    },
  }
}

/** Uses the body that the front has read and parsed. */
function useParsedBody(): Plugin<GraphQLContext, TransportContext> {
  return {
    onRequestParse({ serverContext, setRequestParser }) {
      setRequestParser(() => serverContext.params)
    },
    onParams({ context, setResult }) {
      if (context.result !== undefined) setResult(context.result)
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
      // The limits come before all other rules: some rules of graphql-js compare every pair of fields.
      const validateAll: typeof validate = validateFn
      const validateBounded: typeof validate = (schemaOfRequest, document, ...rest) => {
        const errors = validate(schemaOfRequest, document, [queryLimitsRule])
        return errors.length > 0 ? errors : validateAll(schemaOfRequest, document, ...rest)
      }
      setValidationFn(validateBounded)
    },
  }
}

/** Masks validation errors: Yoga masks only what parsing and execution throw. */
function useMaskedValidation(maskError: ReturnType<typeof createErrorMask>): Plugin {
  return {
    onValidate() {
      return ({ valid, result, setResult }) => {
        if (!valid) setResult(result.map(maskError))
      }
    },
  }
}

/** A parsed document takes up to 250 bytes for each character of its text, so the cache takes 64 MB at most. */
const cachedCharactersMax = 256 * 1024
/** Longer than the documents that clients repeat. */
const cachedDocumentCharactersMax = 8 * 1024

/**
 * Parsed documents by their text, for Yoga's cache. Anybody can fill it, without a valid signature, so it is bounded by its
 * size; Yoga's own cache keeps up to 1,024 texts of 512 KiB each.
 */
function createDocumentCache() {
  return new LRUCache<string, DocumentNode>({
    maxSize: cachedCharactersMax,
    maxEntrySize: cachedDocumentCharactersMax,
    sizeCalculation: (_document, text) => Math.max(text.length, 1),
  })
}

/** A cache that keeps nothing: cached errors would keep the text that they are about. */
const noCache = {
  get: () => undefined,
  set: () => undefined,
}
