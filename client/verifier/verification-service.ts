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
  readonly verify: (question: {
    readonly owner: string
    readonly publicKey: unknown
  }) => Promise<VerificationResult>
  /** The same of a key that was parsed before. */
  readonly verifyParsed: (question: VerificationQuery) => Promise<VerificationResult>
  readonly invalidate: (which: { readonly owner: string; readonly thumbprint?: string | undefined }) => void
  /** Forgets a key, whoever's it was said to be. */
  readonly forgetKey: (thumbprint: string) => void
  readonly clear: () => void
}

/** An answer, and whether nothing has become of the key since it was asked about: otherwise it may be from before. */
interface PendingResult {
  readonly standing: CheckedResult
  readonly isCurrent: boolean
}

/** How often a key is asked about when it changes while the answer is under way. */
const asksMax = 3

/** Answers from the cache, else by asking; who asks the same at the same time shares one question. */
export function createVerificationService({
  ask,
  cache,
  clocks,
  onEvent,
}: {
  readonly ask: LookUp
  readonly cache: ResultCache
  readonly clocks: VerifierClocks
  readonly onEvent: EventListener
}): VerificationService {
  const inFlight = new Map<string, Promise<PendingResult>>()
  const askOnce = (question: VerificationQuery): Promise<PendingResult> => {
    const key = keyOf(question.owner, question.thumbprint)
    const asked = inFlight.get(key)
    if (asked !== undefined) return asked
    const answer: Promise<PendingResult> = ask(question)
      .then((standing) => {
        const isCurrent = inFlight.get(key) === answer
        if (isCurrent) cache.set(question.owner, { thumbprint: question.thumbprint, standing })
        return { standing, isCurrent }
      })
      .finally(() => {
        if (inFlight.get(key) === answer) inFlight.delete(key)
      })
    inFlight.set(key, answer)
    return answer
  }
  const askCurrent = async (question: VerificationQuery): Promise<CheckedResult> => {
    for (let asked = 0; asked < asksMax; asked += 1) {
      const { standing, isCurrent } = await askOnce(question)
      if (isCurrent) return { ...standing, status: currentStatus(standing, clocks) }
    }
    throw new Error('What is asked about changes faster than it can be asked about.')
  }
  const lookUp = async (question: VerificationQuery): Promise<VerificationResult> => {
    const { owner, thumbprint } = question
    // No account has such a name, whatever it is that was shown for one.
    if (typeof owner !== 'string' || !isAccountName(owner)) return unasked(thumbprint, 'unknown-key')
    const known = cache.fresh(owner, thumbprint)
    if (known !== null) return toStanding(known, { thumbprint, source: 'cache' })
    try {
      return toStanding(await askCurrent(question), { thumbprint, source: 'key-server' })
    } catch (error) {
      const stale = isUnreachable(error) ? cache.stale(owner, thumbprint) : null
      return stale === null
        ? unasked(thumbprint, 'unavailable')
        : toStanding(stale, { thumbprint, source: 'stale' })
    }
  }
  const verifyParsed = async (question: VerificationQuery): Promise<VerificationResult> => {
    const standing = await lookUp(question)
    onEvent({ type: 'verified', status: standing.status, source: standing.source })
    return standing
  }
  const recognize = keyRecognizer()
  return {
    verify: async ({ owner, publicKey }) => verifyParsed({ owner, ...(await recognize(publicKey)) }),
    verifyParsed,
    invalidate: ({ owner, thumbprint }) => {
      cache.delete(owner, thumbprint)
      for (const key of [...inFlight.keys()]) {
        if (thumbprint === undefined ? isOf(key, owner) : key === keyOf(owner, thumbprint))
          inFlight.delete(key)
      }
    },
    forgetKey: (thumbprint) => {
      cache.deleteThumbprint(thumbprint)
      for (const key of [...inFlight.keys()]) if (cachedThumbprintOf(key) === thumbprint) inFlight.delete(key)
    },
    clear: () => {
      cache.clear()
      inFlight.clear()
    },
  }
}

function toStanding(
  { status, notBefore, expiresAt, checkedAt, certifiedBy }: CheckedResult,
  named: Pick<VerificationResult, 'thumbprint' | 'source'>,
): VerificationResult {
  return { valid: status === 'valid', status, notBefore, expiresAt, checkedAt, certifiedBy, ...named }
}

function unasked(thumbprint: string, status: 'unknown-key' | 'unavailable'): VerificationResult {
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
