import {
  firstMismatchedPossessionClaim,
  possessionSignerOf,
} from '../../../schema/wire/statements/possession.ts'
import { InvalidStatement, verifyStatement } from '../../../schema/wire/statements/statement.ts'
import type { VerificationQuery } from '../query.ts'

/**
 * Whether the presented key has signed that its holder stored it for this owner and application server. Nobody else can have
 * made the statement, the key server included; it can only withhold it.
 *
 * @param possession a JWS `claviger-possession+jwt` as served; null when there is none.
 */
export async function isPossessionProved(
  possession: string | null,
  { owner, publicKey }: Pick<VerificationQuery, 'owner' | 'publicKey'>,
  { applicationServer, nowMs }: { readonly applicationServer: string; readonly nowMs: number },
): Promise<boolean> {
  const signingKey = possessionSignerOf(publicKey)
  if (possession === null || signingKey === null) return false
  try {
    const reader = { signingKey, nowSeconds: nowMs / 1000 }
    const payload = await verifyStatement('claviger-possession+jwt', possession, reader)
    return firstMismatchedPossessionClaim(payload, { owner, applicationServer }) === null
  } catch (error) {
    if (error instanceof InvalidStatement) return false
    throw error
  }
}
