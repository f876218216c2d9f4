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
import { cacheTrustOf } from './cache-trust-of.ts'
import type { FreshnessLease } from './freshness-lease.ts'
import { importIdentity, type ApplicationServerIdentity } from './identity.ts'

export interface FollowOptions extends ApplicationServerIdentity {
  /** How long a valid key is believed without asking while changes are followed, 0 to 300. Default: 300. */
  readonly cacheSeconds?: number | undefined
  /** For metrics. What it throws is ignored. */
  readonly onEvent?: ((event: FollowEvent) => void) | undefined
  /** A WebSocket class. Default: the global `WebSocket`. */
  readonly webSocketImpl?: unknown
}

export type FollowEvent =
  /** Every change until now was seen, after a time in which that was not so. */
  | { readonly type: 'followed' }
  /** The connection is gone, or was refused; it is tried again. `code` is that of the error, or `ENDED`. */
  | { readonly type: 'lost'; readonly code: string }
  /** A key has changed, and was forgotten. `kind` is the API's KeyChangeKind. */
  | { readonly type: 'changed'; readonly kind: string; readonly thumbprint: string }

export interface Following {
  /** Whether every change until now was seen: while it is not, nothing that is cached is used. */
  readonly isUpToDate: boolean
  /** Ends it. The verifier goes on with its own cache times, and with an empty cache. */
  close(): void
}

const cacheSecondsMax = 300

/**
 * Follows what happens to the keys that are stored for the verifier's application server, and forgets a key as soon as
 * it changes: a revocation takes effect within a second. After a disconnection the verifier uses nothing that it knew
 * before until every change that it missed has been seen. It reconnects for as long as it is not closed, also while it
 * is `lost` with SIGNATURE_INVALID, because the key is not registered or not proved (see
 * {@link registerApplicationServer}), or with FORBIDDEN, because the key is that of another application server than the
 * verifier's.
 *
 * @throws {RangeError} for `cacheSeconds`; {TypeError} when the verifier is followed already, or was not
 *   made by `createVerifier`.
 * @throws {VerifierError} SIGNING_KEY_INVALID for a key that can not sign.
 */
export async function followKeyChanges(
  verifier: Verifier,
  { signingKey, cacheSeconds = cacheSecondsMax, onEvent, webSocketImpl }: FollowOptions,
): Promise<Following> {
  if (!(cacheSeconds >= 0 && cacheSeconds <= cacheSecondsMax)) {
    throw new RangeError(`cacheSeconds is 0 to ${String(cacheSecondsMax)}.`)
  }
  const identity = await importIdentity({ signingKey })
  const trust = cacheTrustOf(verifier)
  const { url } = verifier
  if (trust.isFollowed) throw new TypeError('This verifier is followed already.')
  trust.follow(cacheSeconds)
  const ended = new AbortController()
  const clock = createClock()
  const report = isolateListener(onEvent)
  const endpoint = { url, signer: createMessageSigner(identity, clock), webSocketImpl }
  void follow(verifier, { trust, endpoint, clock, report, signal: ended.signal })
  return {
    get isUpToDate() {
      return !ended.signal.aborted && trust.isFresh
    },
    close: () => {
      if (ended.signal.aborted) return
      ended.abort()
      verifier.clear()
      trust.unfollow()
    },
  }
}

interface FollowContext {
  readonly trust: FreshnessLease
  readonly endpoint: SubscriptionEndpoint
  readonly clock: Clock
  readonly report: (event: FollowEvent) => void
  readonly signal: AbortSignal
}

async function follow(
  verifier: Verifier,
  { trust, endpoint, clock, report, signal }: FollowContext,
): Promise<void> {
  let cursor: string | null = null
  // Whether everything that happened since the cache began is seen. Not at the first connection.
  let isContinuous = false
  let failures = 0
  const choice = new TransportChoice(['websocket', 'event-stream'])
  // A call, because the compiler takes a property for unchanged across an await.
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
        trust.renew()
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
    trust.expire()
    report({ type: 'lost', code })
    // A proxy that does not pass Upgrade may pass an event stream.
    if (choice.ended(failure)) continue
    await wait(reconnectDelayMs(failures), signal)
    failures += 1
  }
}

/** Corrects the clock when it was refused. @returns the error that remains to be told. */
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
  // With the key of another application server all would look well, and no change of these keys would ever come.
  const variables = { applicationServer, after }
  return itemsOfConnection(endpoint, { ...connection, document, variables, parse })
}

interface ReceivedChange {
  readonly kind: string
  /** Null: no change, but the word that there is none. */
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

/** A kind that is not known here is a change as well: the key is asked about anew. */
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
