import { encodeCursor } from '../../schema/wire/cursor.ts'
import { KeyServerError, type ErrorCode } from '../../schema/wire/errors.ts'
import { VaultError, type VaultErrorCode } from '../errors.ts'
import type { Session } from '../trust/session.ts'
import { correctClock, isExpiredSignature, reconnectDelayMs } from '../transport/reconnect.ts'
import { TransportChoice, type StreamTransport } from '../transport/transports.ts'
import { explainRefusal } from '../transport/explain-refusal.ts'
import { unlessAborted, wait } from '../transport/wait.ts'
import type { Alert } from './alert.ts'
import type { CursorStore } from './cursor-store.ts'
import { connectionReporter, type ConnectionChange } from './connection-change.ts'
import { alertsOfConnection } from './connection.ts'
import { alertsOfHistory } from './paging.ts'
import { newestAlertCursor } from './history.ts'
import type { AlertKind } from '../../schema/wire/enums.ts'

export interface AlertStreamOptions {
  /** The cursor to resume after: of the last alert that was dealt with. Default: only alerts from now on. */
  readonly after?: string | undefined
  /**
   * Keeps the stream's place, and is asked for it when there is no `after`. An alert counts as dealt with when the loop
   * asks for the next one: one that a crash, a throw or a break cut short is delivered again by the next stream.
   */
  readonly cursorStore?: CursorStore | undefined
  /** Default: all. */
  readonly kinds?: readonly AlertKind[] | undefined
  /** Ends the stream. */
  readonly signal?: AbortSignal | undefined
  /**
   * Hears whether the stream is connected, how, and why it was not: a stream that waits for its key server says nothing
   * otherwise. An error that it throws is ignored.
   */
  readonly onConnectionChange?: ((change: ConnectionChange) => void) | undefined
}

/**
 * The account's alerts, each exactly once and in order, over as many connections as it takes.
 *
 * `return` ends it at once, also while a `next` waits.
 */
export function streamAlerts(
  session: Session,
  { signal, ...options }: AlertStreamOptions = {},
): AsyncIterableIterator<Alert, void, undefined> {
  const ended = new AbortController()
  const end = () => {
    signal?.removeEventListener('abort', end)
    ended.abort()
  }
  if (signal?.aborted) end()
  signal?.addEventListener('abort', end)
  const alerts = deliver(session, { ...options, signal: ended.signal })
  return {
    next: () => alerts.next(),
    // A generator queues `return` behind a pending `next`, which may wait for days.
    return: () => {
      end()
      return alerts.return()
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

/** A connection that lasted so long was a good one. */
const steadyMs = 30_000

/** Before the first alert: positions count from 1 in each account. */
const beginning = encodeCursor('alert', '0')

async function* deliver(
  session: Session,
  {
    after,
    cursorStore,
    kinds,
    signal,
    onConnectionChange,
  }: AlertStreamOptions & { readonly signal: AbortSignal },
): AsyncGenerator<Alert, void, undefined> {
  // Undefined: not known yet. Null: without a cursor.
  let cursor: string | null | undefined = after ?? (await cursorStore?.load()) ?? undefined
  const isResumed = cursor !== undefined
  const choice = new TransportChoice<StreamTransport>(['websocket', 'event-stream', 'paging'])
  const report = connectionReporter(onConnectionChange)
  let isFromHistory = false
  let lastAt: Date | null = null
  let reason: string | null = null
  let failures = 0
  let isClockCorrected = false
  // A call, because the compiler takes a property for unchanged across an await.
  const isEnded = () => signal.aborted
  while (!isEnded()) {
    const startedAt = performance.now()
    const transport = choice.current
    let waitMs = 0
    let isNextAtOnce = false
    try {
      // "From now on" is pinned to a cursor, so that nothing is lost between now and the first alert.
      if (cursor === undefined) {
        cursor = (await unlessAborted(newestAlertCursor(session), signal)) ?? beginning
        await cursorStore?.save(cursor)
      }
      report({ state: isFromHistory ? 'resumed-from-history' : 'connecting', transport, reason })
      const onConnected = () => {
        choice.connected()
        report({ state: 'connected', transport, reason: null })
      }
      const received: AsyncIterable<Alert> = isFromHistory
        ? alertsOfHistory(session, { kinds, signal })
        : alertsOfConnection(session, { after: cursor, kinds, signal, transport, onConnected })
      for await (const alert of received) {
        cursor = alert.cursor
        failures = 0
        isClockCorrected = false
        choice.steady()
        // Alerts that this stream delivered before its cursor could no longer be read.
        if (isFromHistory && lastAt !== null && alert.occurredAt < lastAt) continue
        lastAt = alert.occurredAt
        yield alert
        await cursorStore?.save(alert.cursor)
      }
      if (isFromHistory) {
        isFromHistory = false
        // When nothing is kept there is no cursor to go on after.
        if (lastAt === null) cursor = null
        continue
      }
      reason = null
      isNextAtOnce = choice.ended(null)
    } catch (error) {
      if (isExpiredSignature(error) && !isClockCorrected) {
        isClockCorrected = await correctClock(session.clock, { ...session.options, url: session.url })
      } else if (isExpiredCursor(error, { isGiven: cursor === after }) && !isFromHistory) {
        // There were alerts, and they are no longer kept: the beginning is not "now" then.
        if (cursor === beginning && !isResumed) cursor = null
        else isFromHistory = true
      } else {
        waitMs = retryAfterMsOf(await explainRefusal(error, { ...session.options, url: session.url }))
        isNextAtOnce = choice.ended(error)
      }
      reason = codeOf(error)
    }
    if (isEnded()) return
    report({ state: 'disconnected', transport, reason })
    if (performance.now() - startedAt > steadyMs) {
      failures = 0
      choice.steady()
    }
    if (isNextAtOnce) continue
    const delayMs = reconnectDelayMs(failures)
    failures += 1
    await wait(Math.max(waitMs, delayMs), signal)
  }
}

/** Whether a failure passes by itself: the stream goes on, after its cursor. */
const passingCodes: readonly (ErrorCode | VaultErrorCode)[] = [
  'RESYNC_REQUIRED',
  'UNAVAILABLE',
  'RATE_LIMITED',
  'INTERNAL_SERVER_ERROR',
  'NETWORK',
  'TIMEOUT',
]

/**
 * The least time to wait after an error that passes by itself.
 *
 * @throws every other error, for the caller.
 */
function retryAfterMsOf(error: unknown): number {
  if (error instanceof KeyServerError) {
    const isPassing = passingCodes.includes(error.code) || error.details.reason === 'SIGNATURE_REPLAYED'
    if (isPassing) return (error.details.retryAfterSeconds ?? 0) * 1000
  }
  if (error instanceof VaultError && passingCodes.includes(error.code)) return 0
  throw error
}

/**
 * Whether the key server cannot read on from the cursor. A key server of another version may reject even the stream's own
 * cursor as malformed; a cursor that the caller gave must be well-formed.
 */
function isExpiredCursor(error: unknown, { isGiven }: { readonly isGiven: boolean }): boolean {
  if (!(error instanceof KeyServerError)) return false
  if (error.code === 'CURSOR_EXPIRED') return true
  return !isGiven && error.code === 'BAD_USER_INPUT' && error.details.field === 'after'
}

function codeOf(error: unknown): string {
  if (error instanceof KeyServerError) return error.details.reason ?? error.code
  return error instanceof VaultError ? error.code : 'UNKNOWN'
}
