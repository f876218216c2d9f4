import { parse, validate, type DocumentNode, type ExecutionResult, type GraphQLError } from 'graphql'
import { LRUCache } from 'lru-cache'
import { schema } from '../../schema/graphql/index.ts'
import type { GraphQLParams, TransportContext } from './engine.ts'
import { planExecution, type ExecutionPlan } from './execution-plan.ts'
import { fieldsOf, type GuardedContext, type OperationGuard } from './operation-guard.ts'
import { findOperation } from './operation-fields.ts'
import { queryLimits, queryLimitsRule } from './query-limits.ts'

/**
 * A document is planned when it comes for this time: anybody can send documents, and planning one takes as long as a few
 * executions.
 */
const timesUntilPlanned = 4
/**
 * All documents that are counted or planned together have at most this; a plan takes some 100 bytes for each character
 * of its document.
 */
const charactersMax = 256 * 1024
/** Longer than the documents that clients repeat. */
const documentCharactersMax = 4 * 1024

/** A document that was seen before, by its text. */
interface KnownDocument {
  timesSeen: number
  /** Null before it is planned, and when it cannot be. */
  planned: PlannedOperation | null
}

interface PlannedOperation {
  readonly document: DocumentNode
  readonly name: string | undefined
  readonly fields: ReturnType<typeof fieldsOf>
  readonly execute: ExecutionPlan
}

export interface KnownOperationsOptions {
  readonly guard: OperationGuard
  readonly createContext: (transport: TransportContext) => GuardedContext
  readonly maskError: (error: unknown) => GraphQLError
}

/** @returns the result, masked; null when the request is left to Yoga */
export type ExecuteKnown = (transport: TransportContext) => Promise<ExecutionResult> | null

/**
 * Executes documents that clients send again and again, without the work that Yoga repeats for each request (record 21). Such
 * a document was parsed and validated once, within the same limits; the guard, the context, the resolvers and the masking of
 * errors are those that Yoga uses. A document in a form that is not planned is left to Yoga.
 */
export function createKnownOperations({
  guard,
  createContext,
  maskError,
}: KnownOperationsOptions): ExecuteKnown {
  const documents = new LRUCache<string, KnownDocument>({
    maxSize: charactersMax,
    sizeCalculation: (_known, text) => text.length,
  })
  return (transport) => {
    const request = parseParams(transport.params)
    if (request === null) return null
    const known = documents.get(request.query)
    if (known === undefined) {
      documents.set(request.query, { timesSeen: 1, planned: null })
      return null
    }
    known.timesSeen += 1
    if (known.timesSeen === timesUntilPlanned) known.planned = plan(request.query)
    const { planned } = known
    if (planned === null || (request.operationName ?? planned.name) !== planned.name) return null
    return execute(planned, transport, request.variables)
  }

  async function execute(
    { document, name, fields, execute: run }: PlannedOperation,
    transport: TransportContext,
    variables: Readonly<Record<string, unknown>>,
  ): Promise<ExecutionResult> {
    const context = createContext(transport)
    const args = { schema, document, operationName: name, variableValues: variables, contextValue: context }
    try {
      const result = await guard.execute(args, () => run(context, variables), fields)
      return result.errors === undefined ? result : { ...result, errors: result.errors.map(maskError) }
    } catch (error) {
      return { errors: [maskError(error)] }
    }
  }
}

/** Null for requests that Yoga refuses, and for those that it does not answer with a plain result. */
function parseParams({ query, variables = null, operationName = null, ...others }: GraphQLParams) {
  if (typeof query !== 'string' || query.length > documentCharactersMax || query === '') return null
  if (typeof variables !== 'object' || Array.isArray(variables)) return null
  if (operationName !== null && typeof operationName !== 'string') return null
  for (const name in others) if (others[name] !== null) return null
  return { query, operationName, variables: variables === null ? {} : { ...variables } }
}

function plan(query: string): PlannedOperation | null {
  try {
    const document = parse(query, { maxTokens: queryLimits.tokensMax })
    const execute = planExecution(schema, document)
    if (execute === null) return null
    if (validate(schema, document, [queryLimitsRule]).length > 0 || validate(schema, document).length > 0)
      return null
    const name = findOperation(document, null)?.name?.value
    return { document, name, fields: fieldsOf({ schema, document }), execute }
  } catch {
    // It cannot be parsed: Yoga answers with the error.
    return null
  }
}
