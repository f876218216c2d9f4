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
  const alerts = new AlertDelivery(session, { ...options, signal: ended.signal }).run()
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

/** How the stream goes on after a connection has ended. */
interface Reconnection {
  readonly isAtOnce: boolean
  /** The least time to wait otherwise. */
  readonly waitMs: number
}

class AlertDelivery {
  readonly #session: Session
  readonly #options: AlertStreamOptions & { readonly signal: AbortSignal }
  readonly #choice = new TransportChoice<StreamTransport>(['websocket', 'event-stream', 'paging'])
  readonly #report: ReturnType<typeof connectionReporter>
  /** Undefined: not known yet. Null: without a cursor. */
  #cursor: string | null | undefined
  #isResumed = false
  /** The cursor can no longer be read: the alerts that are kept are read from the oldest on. */
  #isFromHistory = false
  #lastAt: Date | null = null
  /** Why the last connection ended; null when it did not fail. */
  #reason: string | null = null
  #failures = 0
  #isClockCorrected = false

  constructor(session: Session, options: AlertStreamOptions & { readonly signal: AbortSignal }) {
    this.#session = session
    this.#options = options
    this.#report = connectionReporter(options.onConnectionChange)
  }

  async *run(): AsyncGenerator<Alert, void, undefined> {
    const { after, cursorStore, signal } = this.#options
    this.#cursor = after ?? (await cursorStore?.load()) ?? undefined
    this.#isResumed = this.#cursor !== undefined
    while (!this.#isEnded()) {
      const startedAt = performance.now()
      const transport = this.#choice.current
      let next: Reconnection
      try {
        yield* this.#receive(transport)
        if (this.#isFromHistory) {
          this.#leaveHistory()
          continue
        }
        this.#reason = null
        next = { isAtOnce: this.#choice.ended(null), waitMs: 0 }
      } catch (error) {
        next = await this.#recover(error)
      }
      if (this.#isEnded()) return
      this.#report({ state: 'disconnected', transport, reason: this.#reason })
      if (performance.now() - startedAt > steadyMs) {
        this.#failures = 0
        this.#choice.steady()
      }
      if (next.isAtOnce) continue
      const delayMs = reconnectDelayMs(this.#failures)
      this.#failures += 1
      await wait(Math.max(next.waitMs, delayMs), signal)
    }
  }

  /** A call, because the compiler takes a property for unchanged across an await. */
  #isEnded(): boolean {
    return this.#options.signal.aborted
  }

  /** The alerts of one connection, or of the history. */
  async *#receive(transport: StreamTransport): AsyncGenerator<Alert, void, undefined> {
    const { cursorStore, kinds, signal } = this.#options
    const after = await this.#startingCursor()
    const state = this.#isFromHistory ? 'resumed-from-history' : 'connecting'
    this.#report({ state, transport, reason: this.#reason })
    const onConnected = () => {
      this.#choice.connected()
      this.#report({ state: 'connected', transport, reason: null })
    }
    const received: AsyncIterable<Alert> = this.#isFromHistory
      ? alertsOfHistory(this.#session, { kinds, signal })
      : alertsOfConnection(this.#session, { after, kinds, signal, transport, onConnected })
    for await (const alert of received) {
      this.#cursor = alert.cursor
      this.#failures = 0
      this.#isClockCorrected = false
      this.#choice.steady()
      // Alerts that this stream delivered before its cursor could no longer be read.
      if (this.#isFromHistory && this.#lastAt !== null && alert.occurredAt < this.#lastAt) continue
      this.#lastAt = alert.occurredAt
      yield alert
      await cursorStore?.save(alert.cursor)
    }
  }

  /** "From now on" is pinned to a cursor, so that nothing is lost between now and the first alert. */
  async #startingCursor(): Promise<string | null> {
    if (this.#cursor !== undefined) return this.#cursor
    const { cursorStore, signal } = this.#options
    const cursor = (await unlessAborted(newestAlertCursor(this.#session), signal)) ?? beginning
    this.#cursor = cursor
    await cursorStore?.save(cursor)
    return cursor
  }

  #leaveHistory(): void {
    this.#isFromHistory = false
    // When nothing is kept there is no cursor to go on after.
    if (this.#lastAt === null) this.#cursor = null
  }

  /** @throws the error, unless the stream can go on after it */
  async #recover(error: unknown): Promise<Reconnection> {
    const { clock, options, url } = this.#session
    const isGiven = this.#cursor === this.#options.after
    let next: Reconnection = { isAtOnce: false, waitMs: 0 }
    if (isExpiredSignature(error) && !this.#isClockCorrected) {
      this.#isClockCorrected = await correctClock(clock, { ...options, url })
    } else if (isExpiredCursor(error, { isGiven }) && !this.#isFromHistory) {
      // There were alerts, and they are no longer kept: the beginning is not "now" then.
      if (this.#cursor === beginning && !this.#isResumed) this.#cursor = null
      else this.#isFromHistory = true
    } else {
      const waitMs = retryAfterMsOf(await explainRefusal(error, { ...options, url }))
      next = { isAtOnce: this.#choice.ended(error), waitMs }
    }
    this.#reason = codeOf(error)
    return next
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
