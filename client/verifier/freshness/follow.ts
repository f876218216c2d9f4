import { createClock } from '../../transport/clock.ts'
import { loaded } from '../../loaded.ts'
import { createMessageSigner } from '../../transport/message-signer.ts'
import { withVerifierErrors } from '../../verifier-error.ts'
import type { Verifier } from '../create-verifier.ts'
import { isolateListener } from '../events.ts'
import { freshnessLeaseOf } from './freshness-lease-of.ts'
import { importIdentity, type ApplicationServerIdentity } from './identity.ts'
import type { FollowEvent } from './key-change-loop.ts'

export interface FollowOptions extends ApplicationServerIdentity {
  /** How long a valid key is cached while changes are followed, in seconds: 0 to 300. Default: 300. */
  readonly cacheSeconds?: number | undefined
  /** For metrics. Its errors are ignored. */
  readonly onEvent?: ((event: FollowEvent) => void) | undefined
  /** A WebSocket class. Default: the global `WebSocket`. */
  readonly webSocketImpl?: unknown
}

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
  // Streams are a tenth of the verifier, which few need.
  const { keepFollowing } = await withVerifierErrors(() => loaded(import('./key-change-loop.ts')))
  const identity = await importIdentity({ signingKey })
  const freshness = freshnessLeaseOf(verifier)
  const { url } = verifier
  if (freshness.isFollowed) throw new TypeError('This verifier follows key changes already.')
  freshness.follow(cacheSeconds)
  const ended = new AbortController()
  const clock = createClock()
  const report = isolateListener(onEvent)
  const endpoint = { url, signer: createMessageSigner(identity, clock), webSocketImpl }
  void keepFollowing(verifier, { freshness, endpoint, clock, report, signal: ended.signal })
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
