import { isPossessionProved } from '../crypto/verify-possession.ts'
import { KeyServerError } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import { VaultError } from '../errors.ts'
import type { ResponseReader } from '../transport/response-reader.ts'
import type { Operation } from '../transport/graphql.ts'
import type { Fetch } from '../transport/signing-fetch.ts'
import type { CertificateChecker, ServedStatements } from './proofs/certificates.ts'
import type { EventListener } from './events.ts'
import { readClocks, type ClockReading, type VerifierClocks } from './clock-reading.ts'
import type { AnswerChecker } from './proofs/signed-answers.ts'
import { secondsUntilChange, type CheckedResult } from './result.ts'
import {
  parseUnsignedAnswer,
  statusOf,
  unsignedAnswerFields,
  type UnsignedAnswer,
} from './unsigned-answer.ts'
import { unsignedClient } from '../transport/unsigned-client.ts'
import type { VerificationQuery } from './query.ts'

export interface LookUpOptions {
  readonly url: string
  readonly applicationServer: string
  readonly fetch: Fetch | undefined
  /** Time-out of one attempt in milliseconds; there are at most three. */
  readonly timeoutMs: number
  /** Null: answers need not be signed. */
  readonly checkAnswer: AnswerChecker | null
  /** Null: certificates are not checked. */
  readonly checkCertificate: CertificateChecker | null
  /** A valid key without a proof of possession is `unproved`. */
  readonly requirePossession: boolean
  readonly onEvent: EventListener
  readonly clocks: VerifierClocks
}

/**
 * Looks up at most 100 keys in one request, with its retries.
 *
 * @returns the results in the order of the queries; an error for an answer that is rejected.
 * @throws {VaultError} NETWORK, TIMEOUT, ANSWER_MALFORMED. @throws {KeyServerError}. Then no query has a result.
 */
export type LookUpMany = (queries: readonly VerificationQuery[]) => Promise<(CheckedResult | Error)[]>

export function createLookUp(options: LookUpOptions): LookUpMany {
  const { url, applicationServer, fetch, timeoutMs, onEvent, clocks } = options
  const client = unsignedClient({ url, fetch, timeoutMs })
  const verifyPublicKeys = operation(options)
  return async (queries) => {
    const requestedAt = readClocks(clocks)
    const report = (outcome: string) => {
      const durationMs = clocks.monotonicMs() - requestedAt.monotonicMs
      onEvent({ type: 'looked-up', queries: queries.length, durationMs, outcome })
    }
    const inputs = queries.map(({ owner, publicKey }) => ({ owner, applicationServer, publicKey }))
    try {
      const answers = await client.run(verifyPublicKeys, { inputs })
      if (answers.length !== queries.length) throw new VaultError('ANSWER_MALFORMED')
      report('ok')
      return await Promise.all(
        answers.map((received, index) => {
          const query = queries[index]
          if (query === undefined) throw new TypeError('There are as many answers as queries.')
          return check(received, { query, requestedAt, options }).catch(asError)
        }),
      )
    } catch (error) {
      report(error instanceof VaultError || error instanceof KeyServerError ? error.code : 'UNKNOWN')
      throw error
    }
  }
}

async function check(
  { unsigned, signed, possession, readStatements }: ReceivedAnswer,
  {
    query,
    requestedAt,
    options: { checkAnswer, checkCertificate, requirePossession, applicationServer, clocks },
  }: {
    readonly query: VerificationQuery
    readonly requestedAt: ClockReading
    readonly options: LookUpOptions
  },
): Promise<CheckedResult> {
  const answered =
    checkAnswer === null
      ? toCheckedResult(unsigned, requestedAt)
      : await checkAnswer(signed, { query, requestedAt })
  const result =
    checkCertificate === null
      ? answered
      : await checkCertificate(readStatements(), { query, result: answered })
  if (!requirePossession || result.status !== 'valid') return result
  const key = { ...query, applicationServer }
  const isProved = await isPossessionProved(possession, key, clocks.nowMs() / 1000)
  return isProved ? result : { ...result, status: 'unproved' }
}

interface ReceivedAnswer {
  readonly unsigned: UnsignedAnswer
  /** JWS `claviger-answer+jwt`; null when it was not requested. */
  readonly signed: string | null
  /** JWS `claviger-possession+jwt`; null when there is none, and when it was not requested. */
  readonly possession: string | null
  /** The statements of the key's owner. @throws {VaultError} ANSWER_MALFORMED. */
  readonly readStatements: () => ServedStatements
}

function operation({
  checkAnswer,
  checkCertificate,
  requirePossession,
}: LookUpOptions): Operation<ReceivedAnswer[]> {
  const fields = [unsignedAnswerFields]
  if (checkAnswer !== null) fields.push('answer')
  if (requirePossession) fields.push('possession')
  if (checkCertificate !== null) fields.push('certificate endorsements revocation')
  return {
    kind: 'query',
    document: `query VerifyPublicKeys($inputs: [VerifyPublicKeyInput!]!) { verifyPublicKeys(inputs: $inputs) { ${fields.join(' ')} } }`,
    parse: (data) =>
      data.list('verifyPublicKeys').map((received) => ({
        unsigned: parseUnsignedAnswer(received),
        signed: checkAnswer === null ? null : received.text('answer'),
        possession: requirePossession ? received.textOrNull('possession') : null,
        readStatements: () => statementsOf(received),
      })),
  }
}

function statementsOf(received: ResponseReader): ServedStatements {
  const endorsements = received.textsOrNull('endorsements')
  if (endorsements !== null && endorsements.length > limits.endorsementsMax) {
    throw new VaultError('ANSWER_MALFORMED', { detail: 'It has more than 16 endorsements.' })
  }
  return {
    certificate: received.textOrNull('certificate'),
    endorsements,
    revocation: received.textOrNull('revocation'),
  }
}

function toCheckedResult(answer: UnsignedAnswer, requestedAt: ClockReading): CheckedResult {
  const { notBefore, expiresAt, checkedAt } = answer
  const facts = { status: statusOf(answer), notBefore, expiresAt, checkedAt }
  const changesInSeconds = secondsUntilChange(facts)
  return { ...facts, changesInSeconds, requestedAt, certifiedBy: null, lifetimeSeconds: null }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new VaultError('ANSWER_MALFORMED')
}
