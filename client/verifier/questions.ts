import DataLoader from 'dataloader'
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
import type { AnswerChecker } from './signed-answers.ts'
import { reasonOf, type AnsweredStanding } from './standing.ts'

export interface Question {
  readonly owner: string
  readonly publicKey: PublicJwk
  readonly thumbprint: string
}

/**
 * Asks the key server.
 *
 * @throws {VaultError} NETWORK, TIMEOUT, ANSWER_MALFORMED. @throws {KeyServerError}. Either way there is no answer.
 */
export type Ask = (question: Question) => Promise<AnsweredStanding>

export interface QuestionOptions {
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
  readonly monotonicMs: () => number
}

/** Questions that wait for an answer at a time; beyond it a question fails at once. */
const waitingMax = 10_000

/** After a failure, with its three attempts, questions fail at once for so long: a key server in need gets a rest. */
const pauseMs = 1000

/** Gathers questions that come at the same time into one request. */
export function gatherQuestions(options: QuestionOptions): Ask {
  const { monotonicMs } = options
  const verifyPublicKeys = operation(options)
  let waiting = 0
  let pausedUntilMs = -Infinity
  const loader = new DataLoader<Question, AnsweredStanding>(
    async (questions) => {
      try {
        return await askAll(questions, { ...options, verifyPublicKeys })
      } catch (error) {
        pausedUntilMs = monotonicMs() + pauseMs
        throw error
      }
    },
    {
      cache: false,
      maxBatchSize: limits.batchMax,
      // One turn of the event loop: requests that arrived together are asked together.
      batchScheduleFn: (send) => setTimeout(send, 0),
    },
  )
  return async (question) => {
    if (waiting >= waitingMax || monotonicMs() < pausedUntilMs) throw new VaultError('NETWORK')
    waiting += 1
    try {
      return await loader.load(question)
    } finally {
      waiting -= 1
    }
  }
}

async function askAll(
  questions: readonly Question[],
  {
    verifyPublicKeys,
    ...options
  }: QuestionOptions & { readonly verifyPublicKeys: Operation<ReceivedAnswer[]> },
): Promise<(AnsweredStanding | Error)[]> {
  const { url, applicationServer, fetch, timeoutMs, onEvent, monotonicMs } = options
  const startMs = monotonicMs()
  const report = (outcome: string) => {
    onEvent({ type: 'asked', questions: questions.length, durationMs: monotonicMs() - startMs, outcome })
  }
  const inputs = questions.map(({ owner, publicKey }) => ({ owner, applicationServer, publicKey }))
  try {
    const client = unsignedClient({ url, fetch, timeoutMs })
    const answers = await client.run(verifyPublicKeys, { inputs })
    if (answers.length !== questions.length) throw new VaultError('ANSWER_MALFORMED')
    report('ok')
    return await Promise.all(
      answers.map((received, index) => {
        const question = questions[index]
        if (question === undefined) throw new TypeError('There are as many answers as questions.')
        return check(received, { question, options }).catch(asError)
      }),
    )
  } catch (error) {
    report(error instanceof VaultError || error instanceof KeyServerError ? error.code : 'UNKNOWN')
    throw error
  }
}

async function check(
  { verification, answer, statements }: ReceivedAnswer,
  { question, options }: { readonly question: Question; readonly options: QuestionOptions },
): Promise<AnsweredStanding> {
  const { checkAnswer, checkCertificate } = options
  const standing = checkAnswer === null ? toStanding(verification) : await checkAnswer(answer, question)
  return checkCertificate === null ? standing : checkCertificate(statements, { question, standing })
}

interface ReceivedAnswer {
  readonly verification: PublicKeyVerification
  /** The signed answer; null when it was not asked for. */
  readonly answer: string | null
  readonly statements: ShownStatements
}

function operation({
  checkAnswer,
  checkCertificate,
}: Pick<QuestionOptions, 'checkAnswer' | 'checkCertificate'>): Operation<ReceivedAnswer[]> {
  const fields = ['coincides valid state notBefore expiresAt checkedAt']
  if (checkAnswer !== null) fields.push('answer')
  if (checkCertificate !== null) fields.push('certificate endorsements')
  return {
    kind: 'query',
    document: `query VerifyPublicKeys($inputs: [VerifyPublicKeyInput!]!) { verifyPublicKeys(inputs: $inputs) { ${fields.join(' ')} } }`,
    parse: (data) =>
      data.list('verifyPublicKeys').map((received) => ({
        verification: parseVerification(received),
        answer: checkAnswer === null ? null : received.text('answer'),
        statements: checkCertificate === null ? noStatements : readStatements(received),
      })),
  }
}

const noStatements: ShownStatements = { certificate: null, endorsements: null }

function readStatements(received: Answer): ShownStatements {
  const endorsements = received.textsOrNull('endorsements')
  if (endorsements !== null && endorsements.length > limits.endorsementsMax) {
    throw new VaultError('ANSWER_MALFORMED', { detail: 'It has too many endorsements.' })
  }
  return { certificate: received.textOrNull('certificate'), endorsements }
}

function toStanding(verification: PublicKeyVerification): AnsweredStanding {
  const { notBefore, expiresAt, checkedAt } = verification
  const reason = reasonOf(verification)
  return { reason, notBefore, expiresAt, checkedAt, certifiedBy: null, lifetimeSeconds: null }
}

/** One answer that is not believed leaves the others as they are. */
function asError(error: unknown): Error {
  return error instanceof Error ? error : new VaultError('ANSWER_MALFORMED')
}
