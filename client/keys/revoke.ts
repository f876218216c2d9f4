import type { RevocationReason } from '../../schema/wire/enums.ts'
import { VaultError } from '../errors.ts'
import type { Operation } from '../transport/graphql.ts'
import type { Session } from '../trust/session.ts'
import { readDescription } from './list.ts'
import {
  assertExpected,
  parseTransactionKey,
  transactionKeyFields,
  withTrustError,
  type DescribedTransactionKey,
  type TransactionKey,
} from './transaction-key.ts'

/** Revokes a key for good. */
export async function revokeKey(
  session: Session,
  id: string,
  { reason = 'UNSPECIFIED' }: { readonly reason?: RevocationReason | undefined } = {},
): Promise<TransactionKey> {
  const revocation = await signRevocation(session, id, reason)
  return withRevoked(
    session,
    id,
    await session.keyServer.run(revokeTransactionKey, { id, reason, revocation }),
  )
}

/** Revokes a key for good, and erases its wrapped keys. */
export async function destroyKey(session: Session, id: string): Promise<TransactionKey> {
  const revocation = await signRevocation(session, id, 'UNSPECIFIED')
  return withRevoked(session, id, await session.keyServer.run(destroyTransactionKey, { id, revocation }))
}

/**
 * Signs a revocation. Undefined, which is not sent, for a key whose description is not trusted: the statement would repeat
 * the key server's description, and might revoke another key. Undefined too when a signed revocation is stored.
 */
async function signRevocation(
  session: Session,
  id: string,
  reason: RevocationReason,
): Promise<string | undefined> {
  const described = await readDescription(session, id)
  if (described?.revocation !== null) return undefined
  if ((await session.trust.findTrustError(described)) !== null) return undefined
  const certificate = await session.trust.assertCertified(described)
  return certificate === null
    ? undefined
    : session.trust.signRevocation(certificate, described.revocationReason ?? reason)
}

/**
 * Verifies the description of a revoked key, which records the revocation in the trust state.
 *
 * @throws {VaultError} ANSWER_MALFORMED when it is not described as revoked; KEY_MISMATCH
 */
export function withRevoked(
  session: Session,
  id: string,
  described: DescribedTransactionKey,
): Promise<TransactionKey> {
  assertExpected(described, { id })
  if (described.state !== 'REVOKED') {
    throw new VaultError('ANSWER_MALFORMED', { detail: 'The key is not described as revoked.' })
  }
  return withTrustError(session, described)
}

const revokeTransactionKey: Operation<DescribedTransactionKey> = {
  kind: 'mutation',
  document: /* GraphQL */ `
    mutation RevokeTransactionKey($id: ID!, $reason: RevocationReason!, $revocation: JWS) {
      revokeTransactionKey(id: $id, reason: $reason, revocation: $revocation) { ${transactionKeyFields} }
    }
  `,
  parse: (data) => parseTransactionKey(data.object('revokeTransactionKey')),
}

const destroyTransactionKey: Operation<DescribedTransactionKey> = {
  kind: 'mutation',
  document: /* GraphQL */ `
    mutation DestroyTransactionKey($id: ID!, $revocation: JWS) {
      destroyTransactionKey(id: $id, revocation: $revocation) { ${transactionKeyFields} }
    }
  `,
  parse: (data) => parseTransactionKey(data.object('destroyTransactionKey')),
}
