import { isAccountName } from '../../schema/wire/account-name.ts'
import type { EventListener } from './events.ts'
import type { VerifierClocks } from './clock-reading.ts'
import { isUnreachable, type LookUp } from './batcher.ts'
import { keyRecognizer } from './recognize.ts'
import { currentStatus, type CheckedResult, type VerificationResult } from './result.ts'
import { isOf, keyOf, thumbprintOf as cachedThumbprintOf, type ResultCache } from './cache.ts'
import type { VerificationQuery } from './query.ts'

export interface VerificationService {
  /** @throws {VerifierError} PUBLIC_KEY_INVALID. */
  readonly verify: (query: {
    readonly owner: string
    readonly publicKey: unknown
  }) => Promise<VerificationResult>
  /** The same for a parsed key. */
  readonly verifyParsed: (query: VerificationQuery) => Promise<VerificationResult>
  readonly invalidate: (which: { readonly owner: string; readonly thumbprint?: string | undefined }) => void
  /** Removes a key from the cache, under all owners. */
  readonly forgetKey: (thumbprint: string) => void
  readonly clear: () => void
}

/** A result, and whether the key was not invalidated since the request: otherwise the result may be outdated. */
interface FetchedResult {
  readonly result: CheckedResult
  readonly isCurrent: boolean
}

/** Maximum number of look-ups of a key that is invalidated while its answer is on the way. */
const lookUpsMax = 3

/** Verifies from the cache, or by a look-up; concurrent verifications of the same key share one look-up. */
export function createVerificationService({
  lookUp,
  cache,
  clocks,
  onEvent,
}: {
  readonly lookUp: LookUp
  readonly cache: ResultCache
  readonly clocks: VerifierClocks
  readonly onEvent: EventListener
}): VerificationService {
  const lookUps = new SharedLookUps(lookUp, cache)
  const resolve = async (query: VerificationQuery): Promise<VerificationResult> => {
    const { owner, thumbprint } = query
    // No account can have such a name. A caller without types may pass any value.
    if (typeof owner !== 'string' || !isAccountName(owner)) return withoutAnswer(thumbprint, 'unknown-key')
    const known = cache.fresh(owner, thumbprint)
    if (known !== null) return toResult(known, { thumbprint, source: 'cache' })
    try {
      const result = await lookUps.fetchCurrent(query)
      const status = currentStatus(result, clocks)
      return toResult({ ...result, status }, { thumbprint, source: 'key-server' })
    } catch (error) {
      const stale = isUnreachable(error) ? cache.stale(owner, thumbprint) : null
      return stale === null
        ? withoutAnswer(thumbprint, 'unavailable')
        : toResult(stale, { thumbprint, source: 'stale' })
    }
  }
  const verifyParsed = async (query: VerificationQuery): Promise<VerificationResult> => {
    const result = await resolve(query)
    onEvent({ type: 'verified', status: result.status, source: result.source })
    return result
  }
  const recognize = keyRecognizer()
  return {
    verify: async ({ owner, publicKey }) => verifyParsed({ owner, ...(await recognize(publicKey)) }),
    verifyParsed,
    invalidate: ({ owner, thumbprint }) => {
      cache.delete(owner, thumbprint)
      lookUps.invalidate((key) =>
        thumbprint === undefined ? isOf(key, owner) : key === keyOf(owner, thumbprint),
      )
    },
    forgetKey: (thumbprint) => {
      cache.deleteThumbprint(thumbprint)
      lookUps.invalidate((key) => cachedThumbprintOf(key) === thumbprint)
    },
    clear: () => {
      cache.clear()
      lookUps.invalidate(() => true)
    },
  }
}

/** Look-ups under way, each shared by all verifications of its key. Their results are cached unless invalidated meanwhile. */
class SharedLookUps {
  readonly #lookUp: LookUp
  readonly #cache: ResultCache
  /** By the cache key. */
  readonly #inFlight = new Map<string, Promise<FetchedResult>>()

  constructor(lookUp: LookUp, cache: ResultCache) {
    this.#lookUp = lookUp
    this.#cache = cache
  }

  async fetchCurrent(query: VerificationQuery): Promise<CheckedResult> {
    for (let lookUps = 0; lookUps < lookUpsMax; lookUps += 1) {
      const { result, isCurrent } = await this.#fetchOnce(query)
      if (isCurrent) return result
    }
    throw new Error('The key is invalidated faster than it can be looked up.')
  }

  /** Results of these look-ups are outdated. */
  invalidate(isInvalidated: (key: string) => boolean): void {
    for (const key of [...this.#inFlight.keys()]) if (isInvalidated(key)) this.#inFlight.delete(key)
  }

  #fetchOnce(query: VerificationQuery): Promise<FetchedResult> {
    const key = keyOf(query.owner, query.thumbprint)
    const pending = this.#inFlight.get(key)
    if (pending !== undefined) return pending
    const fetched: Promise<FetchedResult> = this.#lookUp(query)
      .then((result) => {
        const isCurrent = this.#inFlight.get(key) === fetched
        if (isCurrent) this.#cache.set(query.owner, { thumbprint: query.thumbprint, result })
        return { result, isCurrent }
      })
      .finally(() => {
        if (this.#inFlight.get(key) === fetched) this.#inFlight.delete(key)
      })
    this.#inFlight.set(key, fetched)
    return fetched
  }
}

function toResult(
  { status, notBefore, expiresAt, checkedAt, certifiedBy }: CheckedResult,
  origin: Pick<VerificationResult, 'thumbprint' | 'source'>,
): VerificationResult {
  return { valid: status === 'valid', status, notBefore, expiresAt, checkedAt, certifiedBy, ...origin }
}

function withoutAnswer(thumbprint: string, status: 'unknown-key' | 'unavailable'): VerificationResult {
  return {
    valid: false,
    status,
    thumbprint,
    notBefore: null,
    expiresAt: null,
    checkedAt: null,
    certifiedBy: null,
    source: 'none',
  }
}
