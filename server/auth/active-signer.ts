import { and, eq, isNull, ne } from 'drizzle-orm'
import { accounts, managementKeys } from '../../schema/tables/index.ts'
import { parseSigningJwk, type SigningJwk } from '../../schema/wire/keys/jwk.ts'
import type { SignedTransaction } from './signed-request.ts'

/**
 * The account's active management key with this id, and the account's name; null when there is no such key, or it is a
 * VIEWER's, whose statements count for nothing.
 */
export async function selectActiveSigner(
  { tx, accountId }: Pick<SignedTransaction, 'tx' | 'accountId'>,
  id: string,
): Promise<{ readonly owner: string; readonly signingKey: SigningJwk } | null> {
  const [signer] = await tx
    .select({ owner: accounts.name, signingKey: managementKeys.signingKey })
    .from(managementKeys)
    .innerJoin(accounts, eq(accounts.id, managementKeys.accountId))
    .where(
      and(
        eq(managementKeys.accountId, accountId),
        eq(managementKeys.id, id),
        isNull(managementKeys.revokedAt),
        ne(managementKeys.kind, 'VIEWER'),
      ),
    )
  return signer === undefined ? null : { owner: signer.owner, signingKey: parseSigningJwk(signer.signingKey) }
}
