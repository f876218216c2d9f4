import { VaultError } from '../errors.ts'
import type { Session } from '../trust/session.ts'
import type { Operation } from '../transport/graphql.ts'
import { signedInTime } from '../transport/signed-in-time.ts'

/**
 * Revokes a management key for good: its requests are refused, and its wrapped keys erased. A transaction key that is wrapped
 * for no other management key is lost.
 *
 * From now on this device rejects what the key signs later than now, by this device's clock, and every list of the account in
 * which it is active, whatever the key server says about the revocation or its date.
 *
 * @throws {KeyServerError} NOT_FOUND; CONFLICT for the last one.
 * @throws {VaultError} ANSWER_MALFORMED; ROLLBACK when the key server goes on listing the key as active.
 */
export async function revokeDevice(
  { keyServer, trust, clock, managementKey }: Session,
  id: string,
): Promise<void> {
  const before = clock.nowSeconds()
  const revokedId = await signedInTime(clock, async () => {
    // A key's own revocation is not signed: readers accept a signed revocation by another key only.
    const revocation = id === managementKey.id ? undefined : await trust.signRevocationOfDevice(id)
    return keyServer.run(revokeManagementKey, { id, revocation })
  })
  if (revokedId !== id) {
    throw new VaultError('ANSWER_MALFORMED', { detail: 'It is about another management key.' })
  }
  // The earlier of both: meanwhile the clock may have been corrected, or the response held back.
  await trust.recordRevoked(id, Math.min(before, clock.nowSeconds()))
  await trust.readAccount()
}

const revokeManagementKey: Operation<string> = {
  kind: 'mutation',
  document:
    'mutation RevokeManagementKey($id: ID!, $revocation: JWS) { revokeManagementKey(id: $id, revocation: $revocation) { id } }',
  parse: (data) => data.object('revokeManagementKey').text('id'),
}
