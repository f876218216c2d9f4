import type { Session } from '../session.ts'
import type { Operation } from '../transport/graphql.ts'

/**
 * Revokes a management key for good: its requests are refused, and its copies erased. A key that has no other copy is
 * then lost.
 *
 * @throws {KeyServerError} NOT_FOUND; CONFLICT for the last one.
 */
export async function revokeDevice({ keyServer, trust }: Session, id: string): Promise<void> {
  await keyServer.run(revokeManagementKey, { id })
  // What this device remembers from now on is that it is revoked.
  await trust.readAccount()
}

const revokeManagementKey: Operation<string> = {
  kind: 'mutation',
  document: 'mutation RevokeManagementKey($id: ID!) { revokeManagementKey(id: $id) { id } }',
  parse: (data) => data.object('revokeManagementKey').text('id'),
}
