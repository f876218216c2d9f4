import { isAccountName } from '../../schema/wire/account-name.ts'
import type { Question } from './ask.ts'
import type { EventListener } from './events.ts'
import type { VerifierClocks } from './moment.ts'
import { isAway, type Ask } from './questions.ts'
import { keyRecognizer } from './recognize.ts'
import { currentReason, type AnsweredStanding, type KeyStanding } from './standing.ts'
import { isOf, keyOf, thumbprintOf as cachedThumbprintOf, type StandingCache } from './standing-cache.ts'

export interface Standings {
  /** @throws {VaultError} PUBLIC_KEY_INVALID. */
  readonly verify: (question: { readonly owner: string; readonly publicKey: unknown }) => Promise<KeyStanding>
  /** The same of a key that was parsed before. */
  readonly verifyParsed: (question: Question) => Promise<KeyStanding>
  readonly invalidate: (which: { readonly owner: string; readonly thumbprint?: string | undefined }) => void
  /** Forgets a key, whoever's it was said to be. */
  readonly forgetKey: (thumbprint: string) => void
  readonly clear: () => void
}

/** An answer, and whether nothing has become of the key since it was asked about: otherwise it may be from before. */
interface UnderWay {
  readonly standing: AnsweredStanding
  readonly isCurrent: boolean
}

/** How often a key is asked about when it changes while the answer is under way. */
const asksMax = 3

/** Answers from the cache, else by asking; who asks the same at the same time shares one question. */
export function standings({
  ask,
  cache,
  clocks,
  onEvent,
}: {
  readonly ask: Ask
  readonly cache: StandingCache
  readonly clocks: VerifierClocks
  readonly onEvent: EventListener
}): Standings {
  const inFlight = new Map<string, Promise<UnderWay>>()
  const askOnce = (question: Question): Promise<UnderWay> => {
    const key = keyOf(question.owner, question.thumbprint)
    const asked = inFlight.get(key)
    if (asked !== undefined) return asked
    const answer: Promise<UnderWay> = ask(question)
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
  const askCurrent = async (question: Question): Promise<AnsweredStanding> => {
    for (let asked = 0; asked < asksMax; asked += 1) {
      const { standing, isCurrent } = await askOnce(question)
      if (isCurrent) return { ...standing, reason: currentReason(standing, clocks) }
    }
    throw new Error('What is asked about changes faster than it can be asked about.')
  }
  const lookUp = async (question: Question): Promise<KeyStanding> => {
    const { owner, thumbprint } = question
    // No account has such a name, whatever it is that was shown for one.
    if (typeof owner !== 'string' || !isAccountName(owner)) return unasked(thumbprint, 'unknown-key')
    const known = cache.fresh(owner, thumbprint)
    if (known !== null) return toStanding(known, { thumbprint, source: 'cache' })
    try {
      return toStanding(await askCurrent(question), { thumbprint, source: 'key-server' })
    } catch (error) {
      const stale = isAway(error) ? cache.stale(owner, thumbprint) : null
      return stale === null
        ? unasked(thumbprint, 'unavailable')
        : toStanding(stale, { thumbprint, source: 'stale' })
    }
  }
  const verifyParsed = async (question: Question): Promise<KeyStanding> => {
    const standing = await lookUp(question)
    onEvent({ type: 'verified', reason: standing.reason, source: standing.source })
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
  { reason, notBefore, expiresAt, checkedAt, certifiedBy }: AnsweredStanding,
  named: Pick<KeyStanding, 'thumbprint' | 'source'>,
): KeyStanding {
  return { valid: reason === 'valid', reason, notBefore, expiresAt, checkedAt, certifiedBy, ...named }
}

function unasked(thumbprint: string, reason: 'unknown-key' | 'unavailable'): KeyStanding {
  return {
    valid: false,
    reason,
    thumbprint,
    notBefore: null,
    expiresAt: null,
    checkedAt: null,
    certifiedBy: null,
    source: 'none',
  }
}
