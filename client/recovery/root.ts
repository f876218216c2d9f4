import { InvalidStatement, parseStatement } from '../../schema/wire/statements/statement.ts'
import type { Session } from '../trust/session.ts'

/**
 * The id of the account's first key: the one among this device's own key and its anchors that no other key has endorsed. It
 * may be revoked. Without one, the id of this device's own key.
 */
export async function findRootId({ trust, managementKey }: Session): Promise<string> {
  const { account } = await trust.readAccount()
  const roots = [managementKey.id, ...trust.anchors].filter((id) => {
    const listed = account.managementKeys.find((key) => key.id === id)
    return listed !== undefined && isOwnEndorser(listed)
  })
  return roots[0] ?? managementKey.id
}

function isOwnEndorser({
  id,
  endorsement,
}: {
  readonly id: string
  readonly endorsement: string | null
}): boolean {
  try {
    return endorsement === null || parseStatement('claviger-endorsement+jwt', endorsement).kid === id
  } catch (error) {
    if (error instanceof InvalidStatement) return false
    throw error
  }
}
