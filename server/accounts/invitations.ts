import { createHash, randomBytes } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { KeyServerError } from '../../schema/wire/errors.ts'
import type { Registration } from '../../schema/wire/enums.ts'
import type { Executor } from '../database/connect.ts'

/** A new invitation: 24 random bytes in base64url, behind a prefix that says what it is. */
export function createInvitation(): string {
  return `invite_${randomBytes(24).toString('base64url')}`
}

/** The stored form of an invitation: hex SHA-256. */
export function hashOfInvitation(invitation: string): string {
  return createHash('sha256').update(invitation).digest('hex')
}

/**
 * Uses an invitation up, in the transaction that opens the account, if the server requires one. It stays valid for the same
 * account, so that a client that lost the answer can repeat its request.
 *
 * @throws {KeyServerError} FORBIDDEN
 */
export async function admit(
  tx: Executor,
  {
    registration,
    invitation,
    accountId,
  }: {
    readonly registration: Registration
    readonly invitation: string | null
    readonly accountId: string
  },
): Promise<void> {
  if (registration === 'OPEN') return
  if (registration === 'CLOSED') {
    throw new KeyServerError('FORBIDDEN', 'This key server opens no accounts.')
  }
  const used =
    invitation === null
      ? []
      : await tx.execute(sql`
          UPDATE invitations SET account_id = ${accountId}
          WHERE hash = ${hashOfInvitation(invitation)} AND NOT is_revoked AND expires_at > statement_timestamp()
            AND (account_id IS NULL OR account_id = ${accountId})
          RETURNING hash`)
  if (used.length === 0) {
    throw new KeyServerError('FORBIDDEN', 'Opening an account here takes an invitation that is still good.')
  }
}
