import { KeyServerError } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import { VaultError } from '../errors.ts'
import type { ResponseReader } from '../transport/response-reader.ts'
import type { Operation } from '../transport/graphql.ts'
import type { Fetch } from '../transport/signing-fetch.ts'
import { parseVerification, type PublicKeyVerification } from './verify-public-key.ts'
import type { CertificateChecker, ServedStatements } from './proofs/certificates.ts'
import type { EventListener } from './events.ts'
import { readClocks, type ClockReading, type VerifierClocks } from './clock-reading.ts'
import type { AnswerChecker } from './proofs/signed-answers.ts'
import { statusOf, secondsUntilChange, type CheckedResult } from './result.ts'
import { unsignedClient } from '../transport/unsigned-client.ts'
import type { VerificationQuery } from './query.ts'

export interface LookUpOptions {
  readonly url: string
  readonly applicationServer: string
  readonly fetch: Fetch | undefined
  /** Of one attempt; there are three. */
  readonly timeoutMs: number
  /** Null: answers are believed as they come. */
  readonly checkAnswer: AnswerChecker | null
  /** Null: nothing is asked of the owners. */
  readonly checkCertificate: CertificateChecker | null
  readonly onEvent: EventListener
  readonly clocks: VerifierClocks
}

/**
 * Asks about at most 100 keys in one request, with its retries.
 *
 * @returns in the order asked; an answer that is not believed is an error, and leaves the others as they are.
 * @throws {VaultError} NETWORK, TIMEOUT, ANSWER_MALFORMED. @throws {KeyServerError}. Either way there is no answer at all.
 */
export type LookUpAll = (questions: readonly VerificationQuery[]) => Promise<(CheckedResult | Error)[]>

export function createLookUp(options: LookUpOptions): LookUpAll {
  const { url, applicationServer, fetch, timeoutMs, onEvent, clocks } = options
  const client = unsignedClient({ url, fetch, timeoutMs })
  const verifyPublicKeys = operation(options)
  return async (questions) => {
    const askedAt = readClocks(clocks)
    const report = (outcome: string) => {
      const durationMs = clocks.monotonicMs() - askedAt.monotonicMs
      onEvent({ type: 'asked', questions: questions.length, durationMs, outcome })
    }
    const inputs = questions.map(({ owner, publicKey }) => ({ owner, applicationServer, publicKey }))
    try {
      const answers = await client.run(verifyPublicKeys, { inputs })
      if (answers.length !== questions.length) throw new VaultError('ANSWER_MALFORMED')
      report('ok')
      return await Promise.all(
        answers.map((received, index) => {
          const question = questions[index]
          if (question === undefined) throw new TypeError('There are as many answers as questions.')
          return checkAnswered(received, { question, askedAt, options }).catch(asError)
        }),
      )
    } catch (error) {
      report(error instanceof VaultError || error instanceof KeyServerError ? error.code : 'UNKNOWN')
      throw error
    }
  }
}

async function checkAnswered(
  { verification, answer, readStatements }: ReceivedAnswer,
  {
    question,
    askedAt,
    options: { checkAnswer, checkCertificate },
  }: {
    readonly question: VerificationQuery
    readonly askedAt: ClockReading
    readonly options: LookUpOptions
  },
): Promise<CheckedResult> {
  const standing =
    checkAnswer === null
      ? toStanding(verification, askedAt)
      : await checkAnswer(answer, { question, askedAt })
  return checkCertificate === null ? standing : checkCertificate(readStatements(), { question, standing })
}

interface ReceivedAnswer {
  readonly verification: PublicKeyVerification
  /** The signed answer; null when it was not asked for. */
  readonly answer: string | null
  /** What was asked for of its owner. @throws {VaultError} ANSWER_MALFORMED. */
  readonly readStatements: () => ServedStatements
}

function operation({
  checkAnswer,
  checkCertificate,
}: Pick<LookUpOptions, 'checkAnswer' | 'checkCertificate'>): Operation<ReceivedAnswer[]> {
  const fields = ['coincides valid state notBefore expiresAt checkedAt']
  if (checkAnswer !== null) fields.push('answer')
  if (checkCertificate !== null) fields.push('certificate endorsements revocation')
  return {
    kind: 'query',
    document: `query VerifyPublicKeys($inputs: [VerifyPublicKeyInput!]!) { verifyPublicKeys(inputs: $inputs) { ${fields.join(' ')} } }`,
    parse: (data) =>
      data.list('verifyPublicKeys').map((received) => ({
        verification: parseVerification(received),
        answer: checkAnswer === null ? null : received.text('answer'),
        readStatements: () => statementsOf(received),
      })),
  }
}

function statementsOf(received: ResponseReader): ServedStatements {
  const endorsements = received.textsOrNull('endorsements')
  if (endorsements !== null && endorsements.length > limits.endorsementsMax) {
    throw new VaultError('ANSWER_MALFORMED', { detail: 'It has too many endorsements.' })
  }
  return {
    certificate: received.textOrNull('certificate'),
    endorsements,
    revocation: received.textOrNull('revocation'),
  }
}

function toStanding(verification: PublicKeyVerification, askedAt: ClockReading): CheckedResult {
  const { notBefore, expiresAt, checkedAt } = verification
  const said = { status: statusOf(verification), notBefore, expiresAt, checkedAt }
  const changesInSeconds = secondsUntilChange(said)
  return { ...said, changesInSeconds, askedAt, certifiedBy: null, lifetimeSeconds: null }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new VaultError('ANSWER_MALFORMED')
}
