import { KeyServerError } from '../../../schema/wire/errors.ts'
import { VaultError } from '../../errors.ts'
import type { ResponseReader } from '../../transport/response-reader.ts'
import type { Clock } from '../../transport/clock.ts'
import { correctClock, isExpiredSignature, reconnectDelayMs } from '../../transport/reconnect.ts'
import {
  itemsOfConnection,
  type SubscriptionArguments,
  type SubscriptionEndpoint,
} from '../../transport/subscription.ts'
import { TransportChoice } from '../../transport/transports.ts'
import { explainRefusal } from '../../transport/explain-refusal.ts'
import { wait } from '../../transport/wait.ts'
import type { Verifier } from '../create-verifier.ts'
import type { FreshnessLease } from './freshness-lease.ts'

export type FollowEvent =
  /** All changes so far have been received, after a connection or reconnection. */
  | { readonly type: 'followed' }
  /** The connection was lost or refused, and is retried. `code` is that of the error, or `ENDED`. */
  | { readonly type: 'lost'; readonly code: string }
  /** A key has changed, and was removed from the cache. `kind` is the API's KeyChangeKind. */
  | { readonly type: 'changed'; readonly kind: string; readonly thumbprint: string }

interface FollowContext {
  readonly freshness: FreshnessLease
  readonly endpoint: SubscriptionEndpoint
  readonly clock: Clock
  readonly report: (event: FollowEvent) => void
  readonly signal: AbortSignal
}

/** Follows key changes, connection after connection, until the signal is aborted. It never rejects. */
export async function keepFollowing(
  verifier: Verifier,
  { freshness, endpoint, clock, report, signal }: FollowContext,
): Promise<void> {
  let cursor: string | null = null
  // Whether all changes since the first cached result have been received. False at the first connection.
  let isContinuous = false
  let failures = 0
  const choice = new TransportChoice(['websocket', 'event-stream'])
  // A function, because the compiler assumes that a property does not change across an await.
  const isEnded = () => signal.aborted
  while (!isEnded()) {
    let isUpToDate = false
    let code = 'ENDED'
    let failure: unknown = null
    try {
      const changes: AsyncIterable<ReceivedChange> = changesAfter(cursor, {
        applicationServer: verifier.applicationServer,
        endpoint,
        signal,
        transport: choice.current,
        onConnected: () => {
          choice.connected()
        },
      })
      for await (const change of changes) {
        failures = 0
        cursor = change.cursor
        if (change.thumbprint !== null) {
          verifier.forgetKey(change.thumbprint)
          report({ type: 'changed', kind: change.kind, thumbprint: change.thumbprint })
          continue
        }
        if (!isContinuous) verifier.clear()
        isContinuous = true
        choice.steady()
        freshness.renew()
        if (!isUpToDate) report({ type: 'followed' })
        isUpToDate = true
      }
    } catch (error) {
      failure = error
      code = codeOf(await correctedClock(error, { clock, url: endpoint.url }))
      if (code === 'CURSOR_EXPIRED') {
        cursor = null
        isContinuous = false
      }
    }
    if (isEnded()) return
    freshness.expire()
    report({ type: 'lost', code })
    // A proxy that does not pass Upgrade may pass an event stream.
    if (choice.ended(failure)) continue
    await wait(reconnectDelayMs(failures), signal)
    failures += 1
  }
}

/** Corrects the clock after SIGNATURE_EXPIRED. @returns the error to report. */
async function correctedClock(
  error: unknown,
  { clock, url }: { readonly clock: Clock; readonly url: string },
): Promise<unknown> {
  try {
    if (isExpiredSignature(error)) await correctClock(clock, { url })
    return await explainRefusal(error, { url })
  } catch (clocksDiffer) {
    return clocksDiffer
  }
}

function changesAfter(
  after: string | null,
  {
    applicationServer,
    endpoint,
    ...connection
  }: Pick<FollowContext, 'endpoint'> &
    Pick<SubscriptionArguments<ReceivedChange>, 'signal' | 'transport' | 'onConnected'> & {
      readonly applicationServer: string
    },
): AsyncIterable<ReceivedChange> {
  // The name makes the key server refuse the key of another application server; without it no change would ever arrive.
  const variables = { applicationServer, after }
  return itemsOfConnection(endpoint, { ...connection, document, variables, parse })
}

interface ReceivedChange {
  readonly kind: string
  /** Null for UP_TO_DATE, which is no change. */
  readonly thumbprint: string | null
  readonly cursor: string
}

const document = /* GraphQL */ `
  subscription KeyChanges($applicationServer: String, $after: String) {
    keyChanges(applicationServer: $applicationServer, after: $after) {
      kind
      thumbprint
      cursor
    }
  }
`

/** A kind that this version does not know is a change as well: the key is looked up again. */
function parse(data: ResponseReader): ReceivedChange {
  const change = data.object('keyChanges')
  const kind = change.text('kind')
  const thumbprint = kind === 'UP_TO_DATE' ? null : change.text('thumbprint')
  return { kind, thumbprint, cursor: change.text('cursor') }
}

function codeOf(error: unknown): string {
  if (error instanceof KeyServerError) return error.details.reason ?? error.code
  return error instanceof VaultError ? error.code : 'UNKNOWN'
}
