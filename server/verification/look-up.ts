import { z } from 'zod'
import type { PublicKeyVerification } from '../../schema/graphql/domain.ts'
import type { OpenPool } from '../database/connect.ts'
import type { Mismatch } from './mismatch-queue.ts'
import { transactionKeyStates } from '../../schema/wire/enums.ts'

/** The row to look up: one of one account, or none. */
export type VerificationQuery = Mismatch

/** The database's answer to it. */
export type VerificationResult = Omit<PublicKeyVerification, 'answer' | 'endorsements'>

/** Looks up all questions in one statement, and answers in their order. An unknown key takes the same path as a known one. */
export async function lookUp(
  { sql }: OpenPool,
  questions: readonly VerificationQuery[],
): Promise<VerificationResult[]> {
  const rows = await sql`
    SELECT * FROM look_up_public_keys(
      ${questions.map((question) => question.accountId)}::uuid[],
      ${questions.map((question) => question.applicationServer)}::text[],
      ${questions.map((question) => question.thumbprint)}::text[])`
  return rows.map((answer) => {
    const row = answerRow.parse(answer)
    return {
      coincides: row.state !== null,
      valid: row.state === 'ACTIVE',
      state: row.state,
      notBefore: row.not_before,
      expiresAt: row.expires_at,
      certificate: row.certificate,
      possession: row.possession,
      revocation: row.revocation,
      checkedAt: row.checked_at,
    }
  })
}

const answerRow = z.object({
  state: z.enum(transactionKeyStates).nullable(),
  not_before: z.date().nullable(),
  expires_at: z.date().nullable(),
  certificate: z.string().nullable(),
  possession: z.string().nullable(),
  revocation: z.string().nullable(),
  checked_at: z.date(),
})
