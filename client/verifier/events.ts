import type { VerificationStatus, VerificationResult } from './result.ts'

/** What a verifier tells whoever measures it. No event names an owner or a key. */
export type VerifierEvent =
  | {
      /** A verification was answered. */
      readonly type: 'verified'
      readonly status: VerificationStatus
      readonly source: VerificationResult['source']
    }
  | {
      /** The key server was asked, in one round trip with its retries. */
      readonly type: 'asked'
      readonly questions: number
      readonly durationMs: number
      /** `ok`, or the code of the error. */
      readonly outcome: string
    }
  | {
      /** A signed answer, or what an owner signed, was not believed. */
      readonly type: 'answer-refused'
      /** The rule that was broken. */
      readonly detail: string
    }
  | {
      /** A request was let in (`ok`) or refused (the refusal's code). */
      readonly type: 'authenticated'
      readonly outcome: string
    }

export type EventListener = (event: VerifierEvent) => void

/** A listener whose faults stay its own, also those of a promise that it returns. */
export function isolateListener<Event>(
  listener: ((event: Event) => void) | undefined,
): (event: Event) => void {
  return (event) => {
    try {
      const returned: unknown = listener?.(event)
      if (returned instanceof Promise) returned.catch(() => undefined)
    } catch {
      // To measure must not change what is measured.
    }
  }
}
