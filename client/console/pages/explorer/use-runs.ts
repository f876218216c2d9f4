import { useEffect, useRef, useState } from 'react'
import { KeyServerError, VaultError } from '../../../index.ts'
import type { ViewerVault } from '../../session/access.ts'
import type { Operation } from './operation.ts'

export type Runner = Pick<ViewerVault, 'graphql' | 'subscribe'>

/** The results of an operation so far. */
export interface Outcome {
  /** The newest first, each as JSON. */
  readonly results: readonly string[]
  readonly isRunning: boolean
  /** How long the first result took, in milliseconds; null before there is one. */
  readonly tookMs: number | null
  readonly hasFailed: boolean
}

const nothing: Outcome = { results: [], isRunning: false, tookMs: null, hasFailed: false }

/** The most results kept of a subscription: older ones go. */
const resultsMax = 50

/** Runs one operation at a time. A subscription runs until it is stopped, or the page is left. */
export function useRuns(open: () => Runner | Promise<Runner>) {
  const [outcome, setOutcome] = useState(nothing)
  const current = useRef<AbortController | null>(null)
  useEffect(
    () => () => {
      current.current?.abort()
    },
    [],
  )
  const runOnce = async (
    { document, isSubscription }: Operation,
    variables: Record<string, unknown>,
    signal: AbortSignal,
  ) => {
    const startedAt = performance.now()
    const update = (change: (before: Outcome) => Partial<Outcome>) => {
      if (!signal.aborted) setOutcome((before) => ({ ...before, ...change(before) }))
    }
    const show = (value: unknown) => {
      const tookMs = Math.round(performance.now() - startedAt)
      update((before) => ({
        results: [JSON.stringify(value, null, 2), ...before.results].slice(0, resultsMax),
        tookMs: before.tookMs ?? tookMs,
      }))
    }
    try {
      const vault = await open()
      if (isSubscription) {
        for await (const data of vault.subscribe(document, { variables, signal })) show(data)
      } else show(await vault.graphql(document, variables))
    } catch (error) {
      if (!(error instanceof KeyServerError) && !(error instanceof VaultError)) throw error
      show({ code: error.code, message: error.message, ...('details' in error && error.details) })
      update(() => ({ hasFailed: true }))
    } finally {
      update(() => ({ isRunning: false }))
    }
  }
  return {
    outcome,
    run: (operation: Operation, variables: Record<string, unknown>) => {
      current.current?.abort()
      const { signal } = (current.current = new AbortController())
      setOutcome({ ...nothing, isRunning: true })
      void runOnce(operation, variables, signal)
    },
    stop: () => {
      current.current?.abort()
      setOutcome((before) => ({ ...before, isRunning: false }))
    },
  }
}
