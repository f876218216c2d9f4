import { limits } from '../../../schema/wire/limits.ts'
import {
  InvalidStatement,
  parseStatement,
  verifyStatement,
  type VerificationAnswer,
} from '../../../schema/wire/statements/statement.ts'
import { VaultError } from '../../errors.ts'
import type { EventListener } from '../events.ts'
import type { KeySet } from './key-set.ts'
import type { ClockReading } from '../clock-reading.ts'
import { statusOf, secondsUntilChange, type CheckedResult } from '../result.ts'
import type { VerificationQuery } from '../query.ts'

/** Checks a signed answer, and that it is the answer to this question. @throws {VaultError} ANSWER_MALFORMED. */
export type AnswerChecker = (
  answer: string | null,
  asked: { readonly question: VerificationQuery; readonly askedAt: ClockReading },
) => Promise<CheckedResult>

export interface AnswerCheckOptions {
  /** The `iss` of answers: the key server's public URL. */
  readonly issuer: string
  readonly applicationServer: string
  readonly keySet: KeySet
  readonly onEvent: EventListener
  /** Milliseconds since 1970. */
  readonly nowMs: () => number
}

/** Only what is signed is believed: none of the answer's other members is read. */
export function checkSignedAnswers(options: AnswerCheckOptions): AnswerChecker {
  return async (answer, asked) => {
    try {
      const { kid } = parseStatement('claviger-answer+jwt', answer)
      const signingKey = await options.keySet(kid)
      if (signingKey === null)
        throw new InvalidStatement("It is signed by a key that is not the key server's.")
      const reader = { signingKey, nowSeconds: options.nowMs() / 1000 }
      const verified = await verifyStatement('claviger-answer+jwt', answer, reader)
      return toStanding(verified, { ...asked, options })
    } catch (error) {
      if (error instanceof VaultError) throw error
      const detail = error instanceof InvalidStatement ? error.message : 'It can not be checked.'
      options.onEvent({ type: 'answer-refused', detail })
      throw new VaultError('ANSWER_MALFORMED', { detail })
    }
  }
}

function toStanding(
  answer: VerificationAnswer,
  {
    question,
    askedAt,
    options,
  }: { question: VerificationQuery; askedAt: ClockReading; options: AnswerCheckOptions },
): CheckedResult {
  const { issuer, applicationServer, nowMs } = options
  if (answer.iss !== issuer) {
    throw new InvalidStatement(
      'It is by another key server, or this one has another public URL: see "issuer".',
    )
  }
  const isAsked =
    answer.sub === question.owner && answer.aud === applicationServer && answer.jkt === question.thumbprint
  if (!isAsked) throw new InvalidStatement('It answers another question.')
  const now = nowMs() / 1000
  const skew = limits.signatureClockSkewSeconds
  const askedSeconds = askedAt.nowMs / 1000
  // Not older than the question: an answer from before a revocation may still have minutes to live.
  if (answer.iat < Math.floor(askedSeconds) - skew || answer.exp <= now - skew) {
    throw new InvalidStatement('It is not from now, or this clock is wrong.')
  }
  const { coincides, valid, state = null } = answer
  const said = {
    status: statusOf({ coincides, valid, state }),
    notBefore: toDate(answer.nbf_key),
    expiresAt: toDate(answer.exp_key),
    checkedAt: new Date(answer.iat * 1000),
  }
  return {
    ...said,
    changesInSeconds: secondsUntilChange(said),
    askedAt,
    certifiedBy: null,
    lifetimeSeconds: Math.max(0, Math.min(answer.exp - askedSeconds, answer.exp - answer.iat)),
  }
}

function toDate(seconds: number | undefined): Date | null {
  return seconds === undefined ? null : new Date(seconds * 1000)
}
