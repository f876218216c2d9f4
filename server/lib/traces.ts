import { AsyncLocalStorage } from 'node:async_hooks'

/** A traced piece of work, with steps below it. */
export interface Span {
  /** Begins a step of this. Null: it is not recorded, because this has ended, has too many steps, or is not recorded itself. */
  begin(step: Step): Span | null
  /** Call it once. A span that is never ended is never sent. */
  end(end?: SpanEnd): void
}

export interface Step {
  /** One of few: no name, id or other text of a client's. */
  readonly name: string
  /** It waits for another system, e.g. the database. */
  readonly isRemote?: boolean
  /** It is a request of a client. */
  readonly isRequest?: boolean
  readonly attributes?: SpanAttributes
}

export type SpanAttributes = Readonly<Record<string, string | number>>

export interface SpanEnd {
  /** Its name, now that it is known. */
  readonly name?: string
  /** The code of its failure; null when there was none. */
  readonly code?: string | null
  /** The error that it failed with: its class and codes are kept. */
  readonly error?: unknown
  readonly attributes?: SpanAttributes
}

/** Where traces go. */
export interface Traces {
  /**
   * Begins a trace, or continues that of a client.
   *
   * @param options.traceparent what the client sent (W3C Trace Context), whatever it is
   */
  begin(step: Step, options?: { readonly traceparent?: string | undefined }): Span | null
  /** Sends what is left, within few seconds. */
  close(): Promise<void>
}

/** Traces nothing. */
export const noTraces: Traces = { begin: () => null, close: () => Promise.resolve() }

const storage = new AsyncLocalStorage<Span>()

/** Runs `work`, whose steps are those of this span. */
export function runInSpan<T>(span: Span | null, work: () => T): T {
  return span === null ? work() : storage.run(span, work)
}

export interface TracedStep<T> extends Step {
  /** The code of a failure that is a result and no exception. */
  readonly codeOf?: (result: T) => string | null
}

/** Whether steps are traced here: naming some of them is expensive. */
export function isTraced(): boolean {
  return storage.getStore() !== undefined
}

/** Traces `work` as a step of the current span. Outside of any span it is not traced. */
export function traceStep<T>(step: TracedStep<T>, work: () => Promise<T>): Promise<T> {
  return traceIn(storage.getStore()?.begin(step) ?? null, step, work)
}

/** Traces work that belongs to no request, with its steps. */
export function traceAlone<T>(traces: Traces, step: TracedStep<T>, work: () => Promise<T>): Promise<T> {
  return traceIn(traces.begin(step), step, work)
}

async function traceIn<T>(
  span: Span | null,
  { codeOf = () => null }: TracedStep<T>,
  work: () => Promise<T>,
): Promise<T> {
  if (span === null) return work()
  try {
    const result = await storage.run(span, work)
    span.end({ code: codeOf(result) })
    return result
  } catch (error) {
    span.end({ error })
    throw error
  }
}
