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
import { secondsUntilChange, type CheckedResult } from '../result.ts'
import { statusOf } from '../unsigned-answer.ts'
import type { VerificationQuery } from '../query.ts'

/** Verifies a signed answer, and that it answers this query. @throws {VaultError} ANSWER_MALFORMED. */
export type AnswerChecker = (
  answer: string | null,
  sent: { readonly query: VerificationQuery; readonly requestedAt: ClockReading },
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

/** Reads the signed answer alone: the unsigned members of the response are ignored. */
export function checkSignedAnswers(options: AnswerCheckOptions): AnswerChecker {
  return async (answer, sent) => {
    try {
      const { kid } = parseStatement('claviger-answer+jwt', answer)
      const signingKey = await options.keySet(kid)
      if (signingKey === null) throw new InvalidStatement('It is not signed by a key of the key server.')
      const reader = { signingKey, nowSeconds: options.nowMs() / 1000 }
      const verified = await verifyStatement('claviger-answer+jwt', answer, reader)
      return toCheckedResult(verified, { ...sent, options })
    } catch (error) {
      if (error instanceof VaultError) throw error
      const detail = error instanceof InvalidStatement ? error.message : 'It cannot be checked.'
      options.onEvent({ type: 'answer-refused', detail })
      throw new VaultError('ANSWER_MALFORMED', { detail })
    }
  }
}

function toCheckedResult(
  answer: VerificationAnswer,
  {
    query,
    requestedAt,
    options,
  }: { query: VerificationQuery; requestedAt: ClockReading; options: AnswerCheckOptions },
): CheckedResult {
  const { issuer, applicationServer, nowMs } = options
  if (answer.iss !== issuer) {
    throw new InvalidStatement(
      'It is by another key server, or the option "issuer" is not the public URL of this one.',
    )
  }
  const isAnswer =
    answer.sub === query.owner && answer.aud === applicationServer && answer.jkt === query.thumbprint
  if (!isAnswer) throw new InvalidStatement('It answers another query.')
  const now = nowMs() / 1000
  const skew = limits.signatureClockSkewSeconds
  const requestedSeconds = requestedAt.nowMs / 1000
  // Not older than the request: an answer from before a revocation may not expire for minutes.
  if (answer.iat < Math.floor(requestedSeconds) - skew || answer.exp <= now - skew) {
    throw new InvalidStatement(
      'It is older than the request or expired, or the clock of this machine is wrong.',
    )
  }
  const { coincides, valid, state = null } = answer
  const facts = {
    status: statusOf({ coincides, valid, state }),
    notBefore: toDate(answer.nbf_key),
    expiresAt: toDate(answer.exp_key),
    checkedAt: new Date(answer.iat * 1000),
  }
  return {
    ...facts,
    changesInSeconds: secondsUntilChange(facts),
    requestedAt,
    certifiedBy: null,
    lifetimeSeconds: Math.max(0, Math.min(answer.exp - requestedSeconds, answer.exp - answer.iat)),
  }
}

function toDate(seconds: number | undefined): Date | null {
  return seconds === undefined ? null : new Date(seconds * 1000)
}
