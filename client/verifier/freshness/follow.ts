import { KeyServerError } from '../../../schema/wire/errors.ts'
import { createMessageSigner } from '../../transport/message-signer.ts'
import { VaultError } from '../../errors.ts'
import type { ResponseReader } from '../../transport/response-reader.ts'
import { createClock, type Clock } from '../../transport/clock.ts'
import { correctClock, isExpiredSignature, reconnectDelayMs } from '../../transport/reconnect.ts'
import {
  itemsOfConnection,
  type SubscriptionArguments,
  type SubscriptionEndpoint,
} from '../../transport/subscription.ts'
import { TransportChoice } from '../../transport/transports.ts'
import { explainRefusal } from '../../transport/wrong-address.ts'
import { wait } from '../../transport/wait.ts'
import type { Verifier } from '../create-verifier.ts'
import { isolateListener } from '../events.ts'
import { freshnessLeaseOf } from './freshness-lease-of.ts'
import type { FreshnessLease } from './freshness-lease.ts'
import { importIdentity, type ApplicationServerIdentity } from './identity.ts'

export interface FollowOptions extends ApplicationServerIdentity {
  /** How long a valid key is cached while changes are followed, in seconds: 0 to 300. Default: 300. */
  readonly cacheSeconds?: number | undefined
  /** For metrics. Its errors are ignored. */
  readonly onEvent?: ((event: FollowEvent) => void) | undefined
  /** A WebSocket class. Default: the global `WebSocket`. */
  readonly webSocketImpl?: unknown
}

export type FollowEvent =
  /** All changes so far have been received, after a connection or reconnection. */
  | { readonly type: 'followed' }
  /** The connection was lost or refused, and is retried. `code` is that of the error, or `ENDED`. */
  | { readonly type: 'lost'; readonly code: string }
  /** A key has changed, and was removed from the cache. `kind` is the API's KeyChangeKind. */
  | { readonly type: 'changed'; readonly kind: string; readonly thumbprint: string }

export interface Following {
  /** Whether all changes so far have been received. While it is false the cache is not used. */
  readonly isUpToDate: boolean
  /** Stops following. The verifier continues with an empty cache and its own cache times. */
  close(): void
}

const cacheSecondsMax = 300

/**
 * Follows the changes of the keys that are stored for the verifier's application server, and removes a changed key from
 * the cache: a revocation takes effect within a second. After a disconnection the verifier does not use its cache until it
 * has received every missed change. It reconnects until it is closed, also after `lost` with SIGNATURE_INVALID, when the
 * key is not registered or not proved (see {@link registerApplicationServer}), or with FORBIDDEN, when the key belongs to
 * another application server than the verifier's.
 *
 * @throws {RangeError} for `cacheSeconds`; {TypeError} when changes are followed for this verifier already, or
 *   `createVerifier` did not create it.
 * @throws {VerifierError} SIGNING_KEY_INVALID for a key that cannot sign.
 */
export async function followKeyChanges(
  verifier: Verifier,
  { signingKey, cacheSeconds = cacheSecondsMax, onEvent, webSocketImpl }: FollowOptions,
): Promise<Following> {
  if (!(cacheSeconds >= 0 && cacheSeconds <= cacheSecondsMax)) {
    throw new RangeError(`cacheSeconds is 0 to ${String(cacheSecondsMax)}.`)
  }
  const identity = await importIdentity({ signingKey })
  const freshness = freshnessLeaseOf(verifier)
  const { url } = verifier
  if (freshness.isFollowed) throw new TypeError('This verifier follows key changes already.')
  freshness.follow(cacheSeconds)
  const ended = new AbortController()
  const clock = createClock()
  const report = isolateListener(onEvent)
  const endpoint = { url, signer: createMessageSigner(identity, clock), webSocketImpl }
  void follow(verifier, { freshness, endpoint, clock, report, signal: ended.signal })
  return {
    get isUpToDate() {
      return !ended.signal.aborted && freshness.isFresh
    },
    close: () => {
      if (ended.signal.aborted) return
      ended.abort()
      verifier.clear()
      freshness.unfollow()
    },
  }
}

interface FollowContext {
  readonly freshness: FreshnessLease
  readonly endpoint: SubscriptionEndpoint
  readonly clock: Clock
  readonly report: (event: FollowEvent) => void
  readonly signal: AbortSignal
}

async function follow(
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
