import { VaultError } from '../errors.ts'
import type { Session } from '../trust/session.ts'
import type { Operation } from '../transport/graphql.ts'
import { signedInTime } from '../transport/signed-in-time.ts'

/**
 * Revokes a management key for good: its requests are refused, and its copies erased. A key that has no other copy is
 * then lost.
 *
 * From now on this device takes nothing for true that the key signs after this moment, by this device's clock, and no
 * list of the account in which it is active: whatever the key server says of the revocation or its date.
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
    // Nobody signs that he is revoked himself: the key server is then believed, and nobody else need be.
    const revocation = id === managementKey.id ? undefined : await trust.signRevocationOfDevice(id)
    return keyServer.run(revokeManagementKey, { id, revocation })
  })
  if (revokedId !== id) {
    throw new VaultError('ANSWER_MALFORMED', { detail: 'It is about another management key.' })
  }
  // The earlier one: between them the clock may have been set right, and the answer may have been kept back.
  await trust.rememberRevoked(id, Math.min(before, clock.nowSeconds()))
  await trust.readAccount()
}

const revokeManagementKey: Operation<string> = {
  kind: 'mutation',
  document:
    'mutation RevokeManagementKey($id: ID!, $revocation: JWS) { revokeManagementKey(id: $id, revocation: $revocation) { id } }',
  parse: (data) => data.object('revokeManagementKey').text('id'),
}
