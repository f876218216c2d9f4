import { isAccountName } from '../../schema/wire/account-name.ts'
import type { EventListener } from './events.ts'
import type { Ask, Question } from './questions.ts'
import { keyRecognizer } from './recognize.ts'
import type { AnsweredStanding, KeyStanding } from './standing.ts'
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

/** Answers from the cache, else by asking; who asks the same at the same time shares one question. */
export function standings({
  ask,
  cache,
  onEvent,
}: {
  readonly ask: Ask
  readonly cache: StandingCache
  readonly onEvent: EventListener
}): Standings {
  const inFlight = new Map<string, Promise<AnsweredStanding>>()
  const askOnce = (question: Question): Promise<AnsweredStanding> => {
    const key = keyOf(question.owner, question.thumbprint)
    const asked = inFlight.get(key)
    if (asked !== undefined) return asked
    const answer = ask(question)
      .then((standing) => {
        // Not when it was invalidated meanwhile: the answer may be from before.
        if (inFlight.get(key) === answer) {
          cache.set(question.owner, { thumbprint: question.thumbprint, standing })
        }
        return standing
      })
      .finally(() => {
        if (inFlight.get(key) === answer) inFlight.delete(key)
      })
    inFlight.set(key, answer)
    return answer
  }
  const lookUp = async (question: Question): Promise<KeyStanding> => {
    const { owner, thumbprint } = question
    // No account has such a name, and the key server would refuse the whole batch for it.
    if (!isAccountName(owner)) return unasked(thumbprint, 'unknown-key')
    const known = cache.fresh(owner, thumbprint)
    if (known !== null) return toStanding(known, { thumbprint, source: 'cache' })
    try {
      return toStanding(await askOnce(question), { thumbprint, source: 'key-server' })
    } catch {
      const stale = cache.stale(owner, thumbprint)
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
