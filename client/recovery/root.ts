import { InvalidStatement, parseStatement } from '../../schema/wire/statements/statement.ts'
import type { Session } from '../trust/session.ts'

/**
 * The id of the key from which the account's trust begins: of those that this device trusts by itself, the one that
 * nobody else has endorsed. It may be revoked by now. This device's own key when there is none such.
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
