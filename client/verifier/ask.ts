import { KeyServerError } from '../../schema/wire/errors.ts'
import type { PublicJwk } from '../../schema/wire/jwk.ts'
import { limits } from '../../schema/wire/limits.ts'
import { VaultError } from '../errors.ts'
import type { Answer } from '../transport/answer.ts'
import type { Operation } from '../transport/graphql.ts'
import type { Fetch } from '../transport/signing-fetch.ts'
import { parseVerification, unsignedClient, type PublicKeyVerification } from '../verification.ts'
import type { CertificateChecker, ShownStatements } from './certificates.ts'
import type { EventListener } from './events.ts'
import { momentOf, type Moment, type VerifierClocks } from './moment.ts'
import type { AnswerChecker } from './signed-answers.ts'
import { reasonOf, secondsUntilChange, type AnsweredStanding } from './standing.ts'

export interface Question {
  readonly owner: string
  readonly publicKey: PublicJwk
  readonly thumbprint: string
}

export interface AskOptions {
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
export type AskAll = (questions: readonly Question[]) => Promise<(AnsweredStanding | Error)[]>

export function asker(options: AskOptions): AskAll {
  const { url, applicationServer, fetch, timeoutMs, onEvent, clocks } = options
  const client = unsignedClient({ url, fetch, timeoutMs })
  const verifyPublicKeys = operation(options)
  return async (questions) => {
    const askedAt = momentOf(clocks)
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
          return check(received, { question, askedAt, options }).catch(asError)
        }),
      )
    } catch (error) {
      report(error instanceof VaultError || error instanceof KeyServerError ? error.code : 'UNKNOWN')
      throw error
    }
  }
}

async function check(
  { verification, answer, readStatements }: ReceivedAnswer,
  {
    question,
    askedAt,
    options: { checkAnswer, checkCertificate },
  }: { readonly question: Question; readonly askedAt: Moment; readonly options: AskOptions },
): Promise<AnsweredStanding> {
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
  readonly readStatements: () => ShownStatements
}

function operation({
  checkAnswer,
  checkCertificate,
}: Pick<AskOptions, 'checkAnswer' | 'checkCertificate'>): Operation<ReceivedAnswer[]> {
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

function statementsOf(received: Answer): ShownStatements {
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

function toStanding(verification: PublicKeyVerification, askedAt: Moment): AnsweredStanding {
  const { notBefore, expiresAt, checkedAt } = verification
  const said = { reason: reasonOf(verification), notBefore, expiresAt, checkedAt }
  const changesInSeconds = secondsUntilChange(said)
  return { ...said, changesInSeconds, askedAt, certifiedBy: null, lifetimeSeconds: null }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new VaultError('ANSWER_MALFORMED')
}
