import type { PublicKeyVerification } from '../../schema/graphql/domain.ts'
import type { Databases } from '../database/connect.ts'
import type { Mismatch } from './mismatch-queue.ts'
import type { TransactionKeyState } from '../../schema/wire/enums.ts'

/** What is looked up: one row of one account, or none. */
export type VerificationQuery = Mismatch

/** What the database says of it. */
export type VerificationResult = Omit<PublicKeyVerification, 'answer' | 'endorsements'>

/** Looks up all questions in one statement, and answers in their order. What is not found takes the path of what is. */
export async function lookUp(
  { reads }: Databases,
  questions: readonly VerificationQuery[],
): Promise<VerificationResult[]> {
  const rows = await reads.sql<AnswerRow[]>`
    SELECT
      CASE
        WHEN k.id IS NULL THEN NULL
        WHEN u.revoked_at IS NOT NULL THEN 'REVOKED'
        WHEN k.expires_at <= clock_timestamp() THEN 'EXPIRED'
        WHEN k.not_before > clock_timestamp() THEN 'PENDING'
        ELSE 'ACTIVE'
      END AS state,
      k.not_before, k.expires_at, k.certificate, k.revocation, clock_timestamp() AS checked_at
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
    notBefore: row.not_before,
    expiresAt: row.expires_at,
    certificate: row.certificate,
    revocation: row.revocation,
    checkedAt: row.checked_at,
  }))
}

interface AnswerRow {
  readonly state: TransactionKeyState | null
  readonly not_before: Date | null
  readonly expires_at: Date | null
  readonly certificate: string | null
  readonly revocation: string | null
  readonly checked_at: Date
}
