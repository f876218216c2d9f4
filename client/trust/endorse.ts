import { thumbprint, type WrappingJwk } from '../../schema/wire/keys/jwk.ts'
import {
  signPayloadOf,
  signStatement,
  type Endorsement,
  type StatementSigner,
} from '../../schema/wire/statements/statement.ts'
import type { ManagementKey, PublicManagementKey } from '../crypto/management-key.ts'
import type { ManagementKeyKind } from '../../schema/wire/enums.ts'

/** Signs statements as a management key. */
export function statementSigner({ id, signing }: Pick<ManagementKey, 'id' | 'signing'>): StatementSigner {
  const { privateKey } = signing
  return { privateKey, kid: id, alg: privateKey.algorithm.name === 'Ed25519' ? 'EdDSA' : 'ES256' }
}

/** What is said of a management key that is endorsed. */
export interface Endorsed extends Pick<PublicManagementKey, 'signingKey'> {
  readonly kind: ManagementKeyKind
  /** Null: nobody else can wrap for it. */
  readonly wrappingKey: WrappingJwk | null
}

/**
 * Endorses a management key: from now on every device that trusts the endorser trusts this key too. Know that it is the
 * owner's: nobody can take it back but by revoking the key.
 *
 * @param by the management key that approves. The first key of an account endorses itself.
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
 * Proves that the endorsed key is held by who signs: its own signature over what the endorsement says, the same bytes.
 *
 * @returns a JWS `claviger-proof+jwt`.
 */
export function signProof(
  endorsement: string,
  managementKey: Pick<ManagementKey, 'id' | 'signing'>,
): Promise<string> {
  return signPayloadOf(endorsement, 'claviger-proof+jwt', statementSigner(managementKey))
}
