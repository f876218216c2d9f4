import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { runInSpan, type Span, type Traces } from '../lib/traces.ts'
import type { Meters } from './meters.ts'
import type { RequestLog } from './request-log.ts'
import {
  beginReport,
  otherOperation,
  requestIdOf,
  runAsRequest,
  type RequestReport,
} from './request-report.ts'

export interface RequestObserverOptions {
  readonly requestLog: RequestLog
  readonly meters: Meters
  readonly traces: Traces
  readonly hashAccount: (accountId: string) => string
}

/** Probes come every few seconds for as long as a server lives. */
const probes: ReadonlySet<string> = new Set(['healthz', 'readyz'])

/** Writes one log line for each request, over every transport, and counts it. */
export class RequestObserver {
  readonly #options: RequestObserverOptions

  constructor(options: RequestObserverOptions) {
    this.#options = options
  }

  /**
   * Runs the answer of an HTTP request, whose id is that of `X-Request-Id` or a new one, and goes back in the same header.
   *
   * @param options.operation what it is called until it is known better
   */
  observeHttp(
    { headers }: Pick<IncomingMessage, 'headers'>,
    response: ServerResponse,
    {
      operation,
      clientAddress,
      work,
    }: { readonly operation: string; readonly clientAddress: string; readonly work: () => void },
  ): void {
    const beganMs = performance.now()
    const report = beginReport({ id: requestIdOf(headers), clientAddress })
    report.operation = operation
    response.setHeader('X-Request-Id', report.id)
    const span = probes.has(operation) ? null : this.#trace(headers)
    response.on('close', () => {
      if (report.code === null && response.statusCode >= 400)
        report.code = `HTTP_${String(response.statusCode)}`
      if (!response.writableFinished && !report.isStream) report.code ??= 'ABORTED'
      this.#end(report, beganMs, span)
    })
    runInSpan(span, () => {
      runAsRequest(report, work)
    })
  }

  /** Runs what a message of a socket begins, to its end. A message that is no operation leaves no line. */
  async observeMessage(
    sender: { readonly id: string; readonly clientAddress: string },
    work: () => Promise<void>,
  ): Promise<void> {
    const beganMs = performance.now()
    const report = beginReport(sender)
    const span = this.#trace()
    try {
      await runInSpan(span, () => runAsRequest(report, work))
    } finally {
      if (report.operation !== null || report.code !== null) this.#end(report, beganMs, span)
    }
  }

  /** Counts a request to open a WebSocket that was refused, and leaves its line. */
  countRefusal(
    { headers }: Pick<IncomingMessage, 'headers'>,
    { code, clientAddress }: { readonly code: string; readonly clientAddress: string },
  ): void {
    const report = beginReport({ id: requestIdOf(headers), clientAddress })
    report.operation = 'connect'
    report.code = code
    this.#end(report, performance.now(), this.#trace(headers))
  }

  #trace({ traceparent }: IncomingHttpHeaders = {}): Span | null {
    const parent = typeof traceparent === 'string' ? traceparent : undefined
    return this.#options.traces.begin({ name: otherOperation, isRequest: true }, { traceparent: parent })
  }

  #end(
    { id, clientAddress, operation, code, accountId, isStream }: RequestReport,
    beganMs: number,
    span: Span | null,
  ): void {
    const { requestLog, meters, hashAccount } = this.#options
    const durationMs = performance.now() - beganMs
    const name = operation ?? otherOperation
    span?.end({ name, code, attributes: { 'claviger.code': code ?? 'OK', 'claviger.request_id': id } })
    const level = probes.has(name) ? 'debug' : 'info'
    meters.countRequest(name, code ?? 'OK', isStream ? null : durationMs / 1_000)
    requestLog.write(
      {
        requestId: id,
        operation: name,
        code: code ?? 'OK',
        durationMs: Math.round(durationMs * 100) / 100,
        ...(accountId !== null && { account: hashAccount(accountId) }),
      },
      { level, clientAddress },
    )
  }
}
