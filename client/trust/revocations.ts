import {
  InvalidStatement,
  parseStatement,
  signStatement,
  verifyStatement,
  type KeyCertificate,
  type KeyRevocation,
} from '../../schema/wire/statements/statement.ts'
import type { ManagementKey } from '../crypto/management-key.ts'
import { thumbprint } from '../../schema/wire/keys/jwk.ts'
import { isAfter, type ListedManagementKey, type TrustedManagementKey } from './chain.ts'
import { statementSigner } from './endorse.ts'
import type { RevocationReason } from '../../schema/wire/enums.ts'

/** Who signs a revocation, and when. */
interface RevokedBy {
  readonly owner: string
  readonly managementKey: Pick<ManagementKey, 'id' | 'signing'>
  /** Unix seconds. */
  readonly nowSeconds: number
}

/**
 * Signs that a transaction key is revoked: the one that its certificate is about, and no other that the key server shows.
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
 * Signs that another management key of the account is revoked.
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

/** The key that a revocation must be about. */
export interface RevokedKey {
  readonly owner: string
  readonly applicationServer: string
  /** Null: not known. */
  readonly id: string | null
  /** RFC 7638 thumbprint; null: not known, of a symmetric key. */
  readonly thumbprint: string | null
}

/**
 * Verifies a transaction key's revocation.
 *
 * @throws {InvalidStatement} also when it is about another key, or its signer had been revoked before
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
 * The management keys that others of the account's trusted ones have signed to be revoked, and in which second. What is
 * wrong with a revocation makes it none: it would only say what the key server says too.
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
      if (signer === undefined) continue
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
