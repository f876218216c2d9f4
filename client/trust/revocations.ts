import {
  InvalidStatement,
  parseStatement,
  signStatement,
  verifyStatement,
  type KeyCertificate,
  type KeyRevocation,
} from '../../schema/wire/statements/statement.ts'
import type { ManagementKey } from '../crypto/management-key.ts'
import { thumbprint } from '../../schema/wire/keys/thumbprint.ts'
import {
  isAfter,
  maySign,
  type ListedManagementKey,
  type TrustedManagementKey,
} from './follow-endorsements.ts'
import { statementSigner } from './endorse.ts'
import type { RevocationReason } from '../../schema/wire/enums.ts'

/** The signer of a revocation, and its date. */
interface RevokedBy {
  readonly owner: string
  readonly managementKey: Pick<ManagementKey, 'id' | 'signing'>
  /** Unix seconds. */
  readonly nowSeconds: number
}

/**
 * Signs the revocation of the transaction key that a certificate describes, whatever the key server lists under its id.
 *
 * @returns a JWS `claviger-revocation+jwt`
 */
export async function signKeyRevocation(
  { iss, aud, jti, cnf }: KeyCertificate,
  { managementKey, nowSeconds, reason }: Omit<RevokedBy, 'owner'> & { readonly reason: RevocationReason },
): Promise<string> {
  const jkt = 'jwk' in cnf ? await thumbprint(cnf.jwk) : cnf.jkt
  const payload = { v: 1, iss, aud, jti, jkt, iat: nowSeconds, reason } as const
  return signStatement('claviger-revocation+jwt', payload, statementSigner(managementKey))
}

/**
 * Signs the revocation of another management key of the account.
 *
 * @returns a JWS `claviger-revocation+jwt`
 */
export function signManagementKeyRevocation(
  id: string,
  { owner, managementKey, nowSeconds }: RevokedBy,
): Promise<string> {
  const payload = { v: 1, iss: owner, sub: id, iat: nowSeconds } as const
  return signStatement('claviger-revocation+jwt', payload, statementSigner(managementKey))
}

/** The transaction key that a revocation must name. */
export interface RevokedKey {
  readonly owner: string
  readonly applicationServer: string
  /** Null: unknown. */
  readonly id: string | null
  /** RFC 7638 thumbprint; null: unknown, for a symmetric key. */
  readonly thumbprint: string | null
}

/**
 * Verifies the signed revocation of a transaction key.
 *
 * @throws {InvalidStatement} also when it names another key, or its signer had been revoked before
 */
export async function verifyKeyRevocation(
  compact: string,
  {
    key,
    signer,
    nowSeconds,
  }: {
    readonly key: RevokedKey
    readonly signer: Pick<TrustedManagementKey, 'signingKey' | 'revokedAt'>
    readonly nowSeconds: number
  },
): Promise<KeyRevocation> {
  const { signingKey, revokedAt } = signer
  const revocation = await verifyStatement('claviger-revocation+jwt', compact, { signingKey, nowSeconds })
  const isAboutKey =
    'jti' in revocation &&
    revocation.iss === key.owner &&
    revocation.aud === key.applicationServer &&
    (key.id === null || revocation.jti === key.id) &&
    (key.thumbprint === null || revocation.jkt === key.thumbprint)
  if (!isAboutKey) throw new InvalidStatement('It revokes another key.')
  if (isAfter(revocation.iat, revokedAt)) {
    throw new InvalidStatement('It was signed after its signer had been revoked.')
  }
  return revocation
}

/**
 * The management keys whose revocation another trusted one has signed, with the Unix second of its `iat`. An invalid
 * revocation is ignored: the key server need not serve one.
 */
export async function signedRevocations(
  listed: readonly ListedManagementKey[],
  {
    owner,
    trusted,
    nowSeconds,
  }: {
    readonly owner: string
    readonly trusted: ReadonlyMap<string, TrustedManagementKey>
    readonly nowSeconds: number
  },
): Promise<Map<string, number>> {
  const revoked = new Map<string, number>()
  for (const { id, revocation } of listed) {
    if (revocation === null) continue
    try {
      const { kid } = parseStatement('claviger-revocation+jwt', revocation)
      const signer = kid === id ? undefined : trusted.get(kid)
      if (signer === undefined || !maySign(signer)) continue
      const { signingKey } = signer
      const statement = await verifyStatement('claviger-revocation+jwt', revocation, {
        signingKey,
        nowSeconds,
      })
      const isAboutKey = 'sub' in statement && statement.iss === owner && statement.sub === id
      if (isAboutKey && !isAfter(statement.iat, signer.revokedAt)) revoked.set(id, statement.iat)
    } catch (error) {
      if (!(error instanceof InvalidStatement)) throw error
    }
  }
  return revoked
}
