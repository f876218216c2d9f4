import type { VerificationStatus, VerificationResult } from './result.ts'

/** An event for metrics. No event names an owner or a key. */
export type VerifierEvent =
  | {
      /** A verification has a result. */
      readonly type: 'verified'
      readonly status: VerificationStatus
      readonly source: VerificationResult['source']
    }
  | {
      /** Keys were looked up at the key server, in one request with its retries. */
      readonly type: 'looked-up'
      readonly queries: number
      readonly durationMs: number
      /** `ok`, or the code of the error. */
      readonly outcome: string
    }
  | {
      /** An answer, or a statement of an owner in it, was rejected. */
      readonly type: 'answer-refused'
      /** The rule that it breaks. */
      readonly detail: string
    }
  | {
      /** A request was accepted (`ok`) or refused (the refusal's code). */
      readonly type: 'authenticated'
      readonly outcome: string
    }

export type EventListener = (event: VerifierEvent) => void

/** Isolates a listener's faults: what it throws, or what a promise that it returns rejects with, is ignored. */
export function isolateListener<Event>(
  listener: ((event: Event) => void) | undefined,
): (event: Event) => void {
  return (event) => {
    try {
      const returned: unknown = listener?.(event)
      if (returned instanceof Promise) returned.catch(() => undefined)
    } catch {
      // A fault of the metrics must not change the outcome.
    }
  }
}
