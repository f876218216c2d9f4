import type { VerificationPort, VerifyPublicKeyInput } from '../../schema/graphql/context.ts'
import type { PublicKeyVerification, TransactionKeyState } from '../../schema/graphql/domain.ts'
import { badInput } from '../../schema/wire/errors.ts'
import { thumbprint } from '../../schema/wire/jwk.ts'
import { limits } from '../../schema/wire/limits.ts'
import { accountIdOf } from '../accounts/account-id.ts'
import { gather } from '../gather.ts'
import { parseInput, publicJwk } from '../input.ts'
import type { Databases } from '../database/connect.ts'

/** What is looked up: one row of one account, or none. */
interface Question {
  readonly accountId: string
  readonly applicationServer: string
  readonly thumbprint: string
}

interface AnswerRow {
  readonly state: TransactionKeyState | null
  readonly not_before: string | null
  readonly expires_at: string | null
  readonly checked_at: string
}

/**
 * Answers application servers whether a public key is its owner's. Unknown owners, unknown application servers and
 * other keys take the same path to the same answer. Questions that come at the same time share one statement.
 */
export class Verification implements VerificationPort {
  readonly #ask: (question: Question) => Promise<PublicKeyVerification>

  constructor(databases: Databases) {
    this.#ask = gather((questions) => answer(databases, questions), { batchMax: 1000 })
  }

  async verify(inputs: readonly VerifyPublicKeyInput[], field: string): Promise<PublicKeyVerification[]> {
    if (inputs.length > limits.batchMax) {
      throw badInput(field, `There are at most ${String(limits.batchMax)} verifications in a request.`)
    }
    const isBatch = field === 'inputs'
    const questions = await Promise.all(
      inputs.map((input, index) => toQuestion(input, isBatch ? `${field}.${String(index)}` : field)),
    )
    return Promise.all(questions.map(this.#ask))
  }
}

/** An owner or application server that can not exist is asked for like any other: it has no row. */
async function toQuestion(input: VerifyPublicKeyInput, path: string): Promise<Question> {
  const jwk = parseInput(publicJwk, input.publicKey, `${path}.publicKey`)
  return {
    accountId: accountIdOf(input.owner),
    applicationServer: input.applicationServer.toWellFormed().replaceAll('\0', '\u{fffd}'),
    thumbprint: await thumbprint(jwk),
  }
}

async function answer(
  { reads }: Databases,
  questions: readonly Question[],
): Promise<PublicKeyVerification[]> {
  const rows = await reads.sql<AnswerRow[]>`
    SELECT
      CASE
        WHEN k.id IS NULL THEN NULL
        WHEN u.revoked_at IS NOT NULL THEN 'REVOKED'
        WHEN k.expires_at <= clock_timestamp() THEN 'EXPIRED'
        WHEN k.not_before > clock_timestamp() THEN 'PENDING'
        ELSE 'ACTIVE'
      END AS state,
      k.not_before::text, k.expires_at::text, clock_timestamp()::text AS checked_at
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
    checkedAt: new Date(row.checked_at),
  }))
}
