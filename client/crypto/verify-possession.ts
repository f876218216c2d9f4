import type { PublicJwk } from '../../schema/wire/keys/jwk.ts'
import {
  firstMismatchedPossessionClaim,
  possessionSignerOf,
  type PossessedKey,
} from '../../schema/wire/statements/possession.ts'
import { InvalidStatement, verifyStatement } from '../../schema/wire/statements/statement.ts'

/**
 * Whether the presented key has signed that its holder stored it for this owner and application server. Nobody else can have
 * made the statement, the key server included; it can only withhold it.
 *
 * @param possession a JWS `claviger-possession+jwt` as served; null when there is none.
 */
export async function isPossessionProved(
  possession: string | null,
  { owner, publicKey, applicationServer, id }: PossessedKey & { readonly publicKey: PublicJwk | null },
  nowSeconds: number,
): Promise<boolean> {
  const signingKey = possessionSignerOf(publicKey)
  if (possession === null || signingKey === null) return false
  try {
    const payload = await verifyStatement('claviger-possession+jwt', possession, { signingKey, nowSeconds })
    return firstMismatchedPossessionClaim(payload, { owner, applicationServer, id }) === null
  } catch (error) {
    if (error instanceof InvalidStatement) return false
    throw error
  }
}
