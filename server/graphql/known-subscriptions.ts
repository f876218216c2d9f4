import type { DocumentNode, ExecutionArgs, ExecutionResult } from 'graphql'
import { schema } from '../../schema/graphql/index.ts'
import type { TransportContext } from './engine.ts'
import { planSubscription, type SubscriptionPlan } from './execution-plan.ts'
import type { KnownOperationsOptions } from './known-operations.ts'
import type { GuardedContext } from './operation-guard.ts'

/** A subscription that is executed from a plan. Its results are masked. */
export interface KnownSubscription {
  readonly contextValue: GuardedContext
  readonly begin: (args: ExecutionArgs) => Promise<AsyncIterable<ExecutionResult> | ExecutionResult>
}

/** @returns null when the subscription is left to Yoga */
export type PrepareKnownSubscription = (
  document: DocumentNode,
  transport: TransportContext,
) => KnownSubscription | null

/**
 * Executes the events of subscriptions from plans, without what Yoga keeps for each subscription and runs for each
 * event (record 21). The document is parsed and validated already; the guard, the context, the resolvers and the mask
 * of errors are those that Yoga has.
 */
export function createKnownSubscriptions({
  guard,
  createContext,
  maskError,
}: KnownOperationsOptions): PrepareKnownSubscription {
  /** The engine keeps a document for each text that comes again. */
  const plans = new WeakMap<DocumentNode, SubscriptionPlan | null>()
  const planOf = (document: DocumentNode) => {
    const known = plans.get(document)
    if (known !== undefined) return known
    const plan = planSubscription(schema, document)
    plans.set(document, plan)
    return plan
  }
  const mask = (result: ExecutionResult): ExecutionResult =>
    result.errors === undefined ? result : { ...result, errors: result.errors.map(maskError) }
  return (document, transport) => {
    const plan = planOf(document)
    if (plan === null) return null
    const contextValue = createContext(transport)
    return {
      contextValue,
      begin: (args) =>
        guard.subscribe({ ...args, contextValue }, () => plan(contextValue, args.variableValues ?? {}, mask)),
    }
  }
}
