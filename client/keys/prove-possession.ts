import type { StatementAlgorithm } from '../../schema/wire/statements/statement.ts'
import { signStatement } from '../../schema/wire/statements/statement.ts'
import { thumbprint } from '../../schema/wire/keys/thumbprint.ts'
import { publicHalfOf } from '../crypto/public-half.ts'
import { importSecret, type Secret, type TransactionKeyAlgorithm } from '../crypto/transaction-key.ts'
import type { Session } from '../trust/session.ts'

/** Keys for encryption and key agreement sign nothing. */
const statementAlgorithms: Readonly<Partial<Record<TransactionKeyAlgorithm, StatementAlgorithm>>> = {
  Ed25519: 'EdDSA',
  'P-256': 'ES256',
}

/**
 * Signs with a transaction key that its holder stores it for this owner and application server.
 *
 * @returns a JWS `claviger-possession+jwt`; undefined for a key that cannot sign.
 */
export async function provePossession(
  { owner, clock }: Pick<Session, 'owner' | 'clock'>,
  {
    id,
    applicationServer,
    secret,
  }: { readonly id: string; readonly applicationServer: string; readonly secret: Secret },
): Promise<string | undefined> {
  const alg = statementAlgorithms[secret.algorithm]
  const publicKey = await publicHalfOf(secret)
  if (alg === undefined || publicKey === null) return undefined
  const signer = { alg, kid: await thumbprint(publicKey), privateKey: await importSecret(secret, false) }
  const iat = clock.nowSeconds()
  const payload = { v: 1, iss: owner, aud: applicationServer, jti: id, iat } as const
  return signStatement('claviger-possession+jwt', payload, signer)
}
