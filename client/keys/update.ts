import type { OverusePolicy } from '../../schema/wire/enums.ts'
import { notFound } from '../../schema/wire/errors.ts'
import type { Operation } from '../transport/graphql.ts'
import { termsOf, type KeyTerms } from '../trust/certificate.ts'
import type { Session } from '../trust/session.ts'
import { assertTerms } from './check-arguments.ts'
import { readDescription } from './list.ts'
import type { UncertifiedOptions } from './open.ts'
import {
  assertExpected,
  parseTransactionKey,
  transactionKeyFields,
  withTrustError,
  withoutTrustError,
  type DescribedTransactionKey,
  type TransactionKey,
} from './transaction-key.ts'

/** Changes of a key. Absent members stay as they are; null removes. */
export interface KeyChanges {
  readonly label?: string | null | undefined
  /** A later end re-arms the expiry notices. */
  readonly expiresAt?: Date | null | undefined
  readonly expiryNotices?: readonly number[] | null | undefined
  readonly maxUses?: number | null | undefined
  readonly overusePolicy?: OverusePolicy | undefined
  /** Accepts a term that has ended. Default: false. */
  readonly allowExpired?: boolean | undefined
}

/**
 * Changes a key. A change of its terms is certified anew, from the previous certificate and not from the key server's
 * description.
 *
 * @throws {VaultError} ARGUMENT_INVALID, with the field's name; CERTIFICATE_MISSING, CERTIFICATE_INVALID, UNTRUSTED_MANAGEMENT_KEY, ROLLBACK.
 */
export async function updateKey(
  session: Session,
  id: string,
  { acceptUncertified, allowExpired, ...changes }: KeyChanges & UncertifiedOptions,
): Promise<TransactionKey> {
  assertTerms({ ...changes, allowExpired }, session.clock)
  const { label, expiresAt, expiryNotices, maxUses, overusePolicy } = changes
  const terms = changedTerms(changes)
  const isAboutTerms = Object.keys(terms).length > 0
  const certificate = isAboutTerms ? await certifyAnew(session, { id, terms, acceptUncertified }) : null
  const input = {
    id,
    label,
    expiresAt: expiresAt instanceof Date ? expiresAt.toISOString() : expiresAt,
    expiryNotices,
    maxUses,
    overusePolicy,
    certificate: certificate ?? undefined,
  }
  const updated = await session.keyServer.run(updateTransactionKey, { input })
  if (certificate !== null) return withoutTrustError(session, updated, { id })
  assertExpected(updated, { id })
  return withTrustError(session, updated)
}

/** Null when the key has no certificate, with `acceptUncertified`. */
async function certifyAnew(
  session: Session,
  {
    id,
    terms,
    acceptUncertified,
  }: UncertifiedOptions & { readonly id: string; readonly terms: Partial<KeyTerms> },
): Promise<string | null> {
  const described = await readDescription(session, id)
  if (described === null) throw notFound('transaction key')
  const replaced = await session.trust.assertCertified(described, { acceptUncertified })
  if (replaced === null) return null
  const { jti, aud, cnf } = replaced
  const key = { id: jti, applicationServer: aud, cnf, ...termsOf(replaced), ...terms }
  return session.trust.certify(key, { replaced })
}

function changedTerms({ expiresAt, maxUses, overusePolicy }: KeyChanges): Partial<KeyTerms> {
  return {
    ...(expiresAt !== undefined && { expiresAt }),
    ...(maxUses !== undefined && { maxUses }),
    ...(overusePolicy !== undefined && { overusePolicy }),
  }
}

export const updateTransactionKey: Operation<DescribedTransactionKey> = {
  kind: 'mutation',
  document: /* GraphQL */ `
    mutation UpdateTransactionKey($input: UpdateTransactionKeyInput!) {
      updateTransactionKey(input: $input) { ${transactionKeyFields} }
    }
  `,
  parse: (data) => parseTransactionKey(data.object('updateTransactionKey')),
}
