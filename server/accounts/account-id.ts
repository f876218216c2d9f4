import { uuidOf } from '../lib/uuid.ts'

/**
 * The id of the account with this name: a UUID of version 8 (RFC 9562 §5.8) made from SHA-256 of the name. Two accounts
 * of one name would be one row, so names are unique without an index over all accounts, and a verification finds its
 * account without a look-up.
 */
export function accountIdOf(name: string): string {
  return uuidOf(`claviger account\n${name}`)
}
