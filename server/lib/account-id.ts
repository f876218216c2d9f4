import { toAccountId, type AccountId } from '../../schema/wire/brands.ts'
import { uuidOf } from './uuid.ts'

/**
 * The id of the account with this name: a UUID of version 8 (RFC 9562 §5.8) made from SHA-256 of the name. Two accounts
 * of one name would have the same primary key, so names are unique without a second index, and a verification knows the
 * account's id without a look-up.
 */
export function accountIdOf(name: string): AccountId {
  return toAccountId(uuidOf(`claviger account\n${name}`))
}
