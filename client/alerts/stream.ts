import { encodeCursor } from '../../schema/wire/cursor.ts'
import { KeyServerError, type ErrorCode } from '../../schema/wire/errors.ts'
import { VaultError, type VaultErrorCode } from '../errors.ts'
import type { Session } from '../trust/session.ts'
import { correctClock, isExpiredSignature, reconnectDelayMs } from '../transport/reconnect.ts'
import { unlessAborted, wait } from '../transport/wait.ts'
import type { Alert } from './alert.ts'
import type { CursorStore } from './cursor-store.ts'
import { alertsOfConnection } from './connection.ts'
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
  { after, cursorStore, kinds, signal }: AlertStreamOptions & { readonly signal: AbortSignal },
): AsyncGenerator<Alert, void, undefined> {
  // Undefined: not known yet. Null: without a cursor.
  let cursor: string | null | undefined = after ?? (await cursorStore?.load()) ?? undefined
  const isResumed = cursor !== undefined
  let failures = 0
  let isClockCorrected = false
  while (!signal.aborted) {
    const startedAt = performance.now()
    let waitMs = 0
    try {
      // "From now on" is pinned to a cursor, so that nothing is lost between now and the first alert.
      if (cursor === undefined) {
        cursor = (await unlessAborted(newestAlertCursor(session), signal)) ?? beginning
        await cursorStore?.save(cursor)
      }
      for await (const alert of alertsOfConnection(session, { after: cursor, kinds, signal })) {
        cursor = alert.cursor
        failures = 0
        isClockCorrected = false
        yield alert
        await cursorStore?.save(alert.cursor)
      }
    } catch (error) {
      if (isExpiredSignature(error) && !isClockCorrected) {
        isClockCorrected = await correctClock(session.clock, { ...session.options, url: session.url })
      } else if (isExpiredCursor(error) && cursor === beginning && !isResumed) {
        // There were alerts, and they are no longer kept: the beginning is not "now" then.
        cursor = null
      } else {
        waitMs = retryAfterMsOf(error)
      }
    }
    if (performance.now() - startedAt > steadyMs) failures = 0
    const delayMs = reconnectDelayMs(failures)
    failures += 1
    await wait(Math.max(waitMs, delayMs), signal)
  }
}

/** What passes by itself: the stream goes on, after its cursor. */
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

function isExpiredCursor(error: unknown): boolean {
  return error instanceof KeyServerError && error.code === 'CURSOR_EXPIRED'
}
