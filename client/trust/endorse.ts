import type { WrappingJwk } from '../../schema/wire/keys/jwk.ts'
import { thumbprint } from '../../schema/wire/keys/thumbprint.ts'
import {
  signPayloadOf,
  signStatement,
  type Endorsement,
  type StatementSigner,
} from '../../schema/wire/statements/statement.ts'
import type { ManagementKey, PublicManagementKey } from '../crypto/management-key.ts'
import type { ManagementKeyKind } from '../../schema/wire/enums.ts'

/** The statement signer of a management key. */
export function statementSigner({ id, signing }: Pick<ManagementKey, 'id' | 'signing'>): StatementSigner {
  const { privateKey } = signing
  return { privateKey, kid: id, alg: privateKey.algorithm.name === 'Ed25519' ? 'EdDSA' : 'ES256' }
}

/** The content of an endorsement. */
export interface Endorsed extends Pick<PublicManagementKey, 'signingKey'> {
  readonly kind: ManagementKeyKind
  /** Null: no other device can wrap for it. */
  readonly wrappingKey: WrappingJwk | null
}

/**
 * Endorses a management key: from now on every device that trusts the endorser trusts this key too. The caller must know
 * that it is the owner's: an endorsement cannot be withdrawn, only the key revoked.
 *
 * @param by the endorser. The first key of an account endorses itself.
 * @returns a JWS `claviger-endorsement+jwt`.
 */
export async function signEndorsement(
  { kind, signingKey, wrappingKey }: Endorsed,
  by: {
    readonly owner: string
    readonly managementKey: Pick<ManagementKey, 'id' | 'signing'>
    readonly nowSeconds: number
  },
): Promise<string> {
  const payload: Endorsement = {
    v: 1,
    iss: by.owner,
    sub: await thumbprint(signingKey),
    iat: by.nowSeconds,
    kind,
    cnf: { jwk: signingKey },
    ...(wrappingKey !== null && { wrap: wrappingKey }),
  }
  return signStatement('claviger-endorsement+jwt', payload, statementSigner(by.managementKey))
}

/**
 * Proves possession of the endorsed key: its own signature over the payload of the endorsement, byte for byte.
 *
 * @returns a JWS `claviger-proof+jwt`.
 */
export function signProof(
  endorsement: string,
  managementKey: Pick<ManagementKey, 'id' | 'signing'>,
): Promise<string> {
  return signPayloadOf(endorsement, 'claviger-proof+jwt', statementSigner(managementKey))
}
