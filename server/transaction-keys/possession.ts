import type { AccountId } from '../../schema/wire/brands.ts'
import { badInput } from '../../schema/wire/errors.ts'
import type { PublicJwk } from '../../schema/wire/keys/jwk.ts'
import {
  firstMismatchedPossessionClaim,
  possessionSignerOf,
} from '../../schema/wire/statements/possession.ts'
import { assertSignedBy, untrueClaim, type ReceivedStatement } from '../auth/received-statement.ts'
import { accountIdOf } from '../lib/account-id.ts'

const field = 'input.possession'

/**
 * Checks a possession statement before it is stored: the transaction key itself signed it, for this owner, application server
 * and id.
 *
 * @param key.now as in `assertSignedBy`
 * @throws {KeyServerError} BAD_USER_INPUT at `input.possession`
 */
export async function assertPossession(
  possession: ReceivedStatement<'claviger-possession+jwt'>,
  key: {
    readonly accountId: AccountId
    readonly id: string
    readonly applicationServer: string
    readonly publicKey: PublicJwk | null
    readonly now: Date | null
  },
): Promise<void> {
  const signingKey = possessionSignerOf(key.publicKey)
  if (signingKey === null) {
    throw badInput(field, 'Only an Ed25519 or P-256 key can prove its possession: no other signs statements.')
  }
  await assertSignedBy(possession, { signingKey, now: key.now, field })
  const { payload } = possession
  const isOwner = accountIdOf(payload.iss) === key.accountId
  const mismatched = isOwner ? firstMismatchedPossessionClaim(payload, { ...key, owner: payload.iss }) : 'iss'
  if (mismatched !== null) throw untrueClaim(field, mismatched)
}
