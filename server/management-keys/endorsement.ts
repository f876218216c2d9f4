import { isDeepStrictEqual } from 'node:util'
import type { SigningJwk } from '../../schema/wire/keys/jwk.ts'
import type { ManagementKeyToAdd } from './management-key-input.ts'
import { assertSignedBy, untrueClaim, type ReceivedStatement } from '../auth/received-statement.ts'

/**
 * Checks that an endorsement describes the management key that is sent with it, and is signed with `signingKey`. Its parser
 * has checked that `sub` is the thumbprint of the key in `cnf`.
 *
 * @throws {KeyServerError} BAD_USER_INPUT at `field`
 */
export async function assertEndorsement(
  endorsement: ReceivedStatement<'claviger-endorsement+jwt'>,
  expected: {
    /** The account's name. */
    readonly owner: string
    readonly managementKey: Omit<ManagementKeyToAdd, 'endorsement'>
    /** The signing key of the management key that endorses. */
    readonly signingKey: SigningJwk
    /** The database's clock. */
    readonly now: Date
    readonly field: string
  },
): Promise<void> {
  const { field, managementKey } = expected
  await assertSignedBy(endorsement, expected)
  const { iss, kind, cnf, wrap = null } = endorsement.payload
  if (iss !== expected.owner) throw untrueClaim(field, 'iss')
  if (kind !== managementKey.kind) throw untrueClaim(field, 'kind')
  // Both were parsed by the same parser, so equal keys have equal members.
  if (!isDeepStrictEqual(cnf.jwk, managementKey.signingKey)) throw untrueClaim(field, 'cnf')
  if (!isDeepStrictEqual(wrap, managementKey.wrappingKey)) throw untrueClaim(field, 'wrap')
}
