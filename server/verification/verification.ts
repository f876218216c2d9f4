import type { VerificationPort, VerifyPublicKeyInput } from '../../schema/graphql/context.ts'
import type { PublicKeyVerification, TransactionKeyState } from '../../schema/graphql/domain.ts'
import { badInput } from '../../schema/wire/errors.ts'
import { thumbprint } from '../../schema/wire/jwk.ts'
import { limits } from '../../schema/wire/limits.ts'
import { accountIdOf } from '../accounts/account-id.ts'
import type { Answers } from '../answers/answers.ts'
import { gather } from '../gather.ts'
import { askedName, parseInput, presentedJwk } from '../input.ts'
import type { Databases } from '../database/connect.ts'
import type { Mismatch, MismatchAlarm } from './mismatch-alarm.ts'

/** What is looked up: one row of one account, or none. */
type Question = Mismatch

type Facts = Omit<PublicKeyVerification, 'answer'>

interface AnswerRow {
  readonly state: TransactionKeyState | null
  readonly not_before: string | null
  readonly expires_at: string | null
  readonly certificate: string | null
  readonly checked_at: string
}

/**
 * Answers application servers whether a public key is its owner's. Unknown owners, unknown application servers and
 * other keys take the same path to the same answer. Questions that come at the same time share one statement.
 */
export class Verification implements VerificationPort {
  readonly #ask: (question: Question) => Promise<Facts>
  readonly #answers: Answers
  readonly #mismatchAlarm: MismatchAlarm

  constructor(
    databases: Databases,
    { answers, mismatchAlarm }: { readonly answers: Answers; readonly mismatchAlarm: MismatchAlarm },
  ) {
    this.#ask = gather((questions) => lookUp(databases, questions), { batchMax: 1000 })
    this.#answers = answers
    this.#mismatchAlarm = mismatchAlarm
  }

  async verify(inputs: readonly VerifyPublicKeyInput[], field: string): Promise<PublicKeyVerification[]> {
    if (inputs.length > limits.batchMax) {
      throw badInput(field, `There are at most ${String(limits.batchMax)} verifications in a request.`)
    }
    const isBatch = field === 'inputs'
    return Promise.all(
      inputs.map(async (input, index) => {
        const question = await toQuestion(input, isBatch ? `${field}.${String(index)}` : field)
        return this.#answer(input, question)
      }),
    )
  }

  async #answer(input: VerifyPublicKeyInput, question: Question): Promise<PublicKeyVerification> {
    const facts = await this.#ask(question)
    if (!facts.coincides) this.#mismatchAlarm.report(question)
    const { owner, applicationServer } = input
    // However often a request selects it, it is signed once.
    let signed: Promise<string> | undefined
    return {
      ...facts,
      answer: () =>
        (signed ??= this.#answers.sign({
          ...facts,
          owner,
          applicationServer,
          thumbprint: question.thumbprint,
        })),
    }
  }
}

/**
 * An owner or application server that can not exist is asked for like any other: it has no row. Only what could not
 * stand in a signed answer is refused, whoever is asked for.
 */
async function toQuestion(input: VerifyPublicKeyInput, path: string): Promise<Question> {
  parseInput(askedName, input.owner, `${path}.owner`)
  parseInput(askedName, input.applicationServer, `${path}.applicationServer`)
  const jwk = parseInput(presentedJwk, input.publicKey, `${path}.publicKey`)
  return {
    accountId: accountIdOf(input.owner),
    applicationServer: input.applicationServer.replaceAll('\0', '\u{fffd}'),
    thumbprint: await thumbprint(jwk),
  }
}

async function lookUp({ reads }: Databases, questions: readonly Question[]): Promise<Facts[]> {
  const rows = await reads.sql<AnswerRow[]>`
    SELECT
      CASE
        WHEN k.id IS NULL THEN NULL
        WHEN u.revoked_at IS NOT NULL THEN 'REVOKED'
        WHEN k.expires_at <= clock_timestamp() THEN 'EXPIRED'
        WHEN k.not_before > clock_timestamp() THEN 'PENDING'
        ELSE 'ACTIVE'
      END AS state,
      k.not_before::text, k.expires_at::text, k.certificate, clock_timestamp()::text AS checked_at
    FROM unnest(
      ${questions.map((question) => question.accountId)}::uuid[],
      ${questions.map((question) => question.applicationServer)}::text[],
      ${questions.map((question) => question.thumbprint)}::text[]
    ) WITH ORDINALITY AS asked (account_id, application_server, thumbprint, place)
    LEFT JOIN transaction_keys k
      ON k.account_id = asked.account_id AND k.application_server = asked.application_server
      AND k.thumbprint = asked.thumbprint
    LEFT JOIN transaction_key_usage u ON u.account_id = k.account_id AND u.transaction_key_id = k.id
    ORDER BY asked.place`
  return rows.map((row) => ({
    coincides: row.state !== null,
    valid: row.state === 'ACTIVE',
    state: row.state,
    notBefore: row.not_before === null ? null : new Date(row.not_before),
    expiresAt: row.expires_at === null ? null : new Date(row.expires_at),
    certificate: row.certificate,
    checkedAt: new Date(row.checked_at),
  }))
}
