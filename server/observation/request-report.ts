import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** The facts about a running request. Each is bounded, and only the id is a client's text. */
export interface RequestReport {
  readonly id: string
  /** The log lines of a client are counted by it. It stands in none. */
  readonly clientAddress: string
  /** A root field of the schema, or the name of a route. Null: it is none yet, as with a ping on a socket. */
  operation: string | null
  /** The code of its error; null while there is none. */
  code: string | null
  /** The account that signed it, once its signature was verified. */
  accountId: string | null
  /** It is a subscription, whose duration says nothing of the server. */
  isStream: boolean
}

const storage = new AsyncLocalStorage<RequestReport>()

/** Runs `work`, and whatever it begins, as the request of this report. */
export function runAsRequest<T>(report: RequestReport, work: () => T): T {
  return storage.run(report, work)
}

/** The members of a log line about its request; none for background work. */
export function requestFields(): { readonly requestId?: string; readonly operation?: string } {
  const report = storage.getStore()
  return report === undefined ? {} : { requestId: report.id, operation: report.operation ?? otherOperation }
}

/** Notes the code of an error that the current request is answered with. The last one counts. */
export function noteCode(code: string): void {
  const report = storage.getStore()
  if (report !== undefined) report.code = code
}

/** Notes what the current request asks for. */
export function noteOperation(
  operation: string,
  { isStream = false }: { readonly isStream?: boolean } = {},
): void {
  const report = storage.getStore()
  if (report === undefined) return
  report.operation = operation
  report.isStream = isStream
}

/** Notes whose signature the current request has. */
export function noteAccount(accountId: string): void {
  const report = storage.getStore()
  if (report !== undefined) report.accountId = accountId
}

/** The name of operations that this server does not know. */
export const otherOperation = 'other'

/** A report of a request that has just come. */
export function beginReport(sender: Pick<RequestReport, 'id' | 'clientAddress'>): RequestReport {
  return { ...sender, operation: null, code: null, accountId: null, isStream: false }
}

/** The id of a request: the one that the client sent as `X-Request-Id`, or a new one. */
export function requestIdOf({ 'x-request-id': sent }: IncomingHttpHeaders): string {
  return typeof sent === 'string' && isRequestId(sent) ? sent : randomUUID()
}

/** An id that a client sent stands in logs and is sent back, so it is short and plain. */
function isRequestId(text: string): boolean {
  return /^[A-Za-z\d._:-]{1,64}$/.test(text)
}
