import type { PublicJwk } from '../../schema/wire/keys/jwk.ts'
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
  session: Pick<Session, 'owner' | 'clock'>,
  {
    id,
    applicationServer,
    secret,
  }: { readonly id: string; readonly applicationServer: string; readonly secret: Secret },
): Promise<string | undefined> {
  const { algorithm } = secret
  if (statementAlgorithms[algorithm] === undefined) return undefined
  const [publicKey, privateKey] = [await publicHalfOf(secret), await importSecret(secret, false)]
  return signPossession(session, { id, applicationServer, algorithm, publicKey, privateKey })
}

/** A transaction key in this device's hands. */
interface HeldKey {
  readonly id: string
  readonly applicationServer: string
  readonly algorithm: TransactionKeyAlgorithm
  readonly publicKey: PublicJwk | null
  readonly privateKey: CryptoKey
}

/** @returns as {@link provePossession}. */
export async function signPossession(
  { owner, clock }: Pick<Session, 'owner' | 'clock'>,
  { id, applicationServer, algorithm, publicKey, privateKey }: HeldKey,
): Promise<string | undefined> {
  const alg = statementAlgorithms[algorithm]
  if (alg === undefined || publicKey === null) return undefined
  const signer = { alg, kid: await thumbprint(publicKey), privateKey }
  const payload = { v: 1, iss: owner, aud: applicationServer, jti: id, iat: clock.nowSeconds() } as const
  return signStatement('claviger-possession+jwt', payload, signer)
}
