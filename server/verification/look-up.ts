import { z } from 'zod'
import type { PublicKeyVerification } from '../../schema/graphql/domain.ts'
import type { OpenPool } from '../database/connect.ts'
import { transactionKeyStates } from '../../schema/wire/enums.ts'

/** A public key that was presented as an owner's to an application server. */
export interface PresentedKey {
  readonly accountId: string
  readonly applicationServer: string
  /** RFC 7638 thumbprint. */
  readonly thumbprint: string
}

/** The stored facts about a presented key. */
export type PresentedKeyFacts = Omit<PublicKeyVerification, 'answer' | 'endorsements'>

/** Looks up keys in one statement. The facts are in their order. An unknown key takes the same path as a known one. */
export async function lookUp({ sql }: OpenPool, keys: readonly PresentedKey[]): Promise<PresentedKeyFacts[]> {
  const rows = await sql`
    SELECT * FROM look_up_public_keys(
      ${keys.map(({ accountId }) => accountId)}::uuid[],
      ${keys.map(({ applicationServer }) => applicationServer)}::text[],
      ${keys.map(({ thumbprint }) => thumbprint)}::text[])`
  return rows.map((found) => {
    const row = factsRow.parse(found)
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

const factsRow = z.object({
  state: z.enum(transactionKeyStates).nullable(),
  not_before: z.date().nullable(),
  expires_at: z.date().nullable(),
  certificate: z.string().nullable(),
  possession: z.string().nullable(),
  revocation: z.string().nullable(),
  checked_at: z.date(),
})
