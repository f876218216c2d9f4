import type { AuditHead } from '../../schema/graphql/domain.ts'
import { signStatement } from '../../schema/wire/statements/statement.ts'
import type { SigningKeys } from '../server-keys/signing-keys.ts'

/** The claims of a signed head, and the account it belongs to. */
interface AuditHeadFacts extends Omit<AuditHead, 'statement' | 'sealedAt'> {
  readonly owner: string
}

/**
 * Signs heads of audit logs, so that an owner can show what the key server has said (docs/protocol.md, "Signed audit
 * heads").
 */
export class AuditHeadSigner {
  readonly #keys: SigningKeys
  readonly #issuer: () => string

  /** @param options.issuer the public URL, known when the server listens */
  constructor(keys: SigningKeys, { issuer }: { readonly issuer: () => string }) {
    this.#keys = keys
    this.#issuer = issuer
  }

  /** @returns a compact JWS. @throws {KeyServerError} UNAVAILABLE when no key can sign */
  async sign({ owner, sequence, hash, prunedSequence, prunedHash }: AuditHeadFacts): Promise<string> {
    const { id, privateKey } = await this.#keys.signer()
    const claims = {
      v: 1,
      iss: this.#issuer(),
      sub: owner,
      iat: Math.floor(Date.now() / 1000),
      seq: sequence,
      hash,
      pruned: { seq: prunedSequence, hash: prunedHash },
    } as const
    return signStatement('claviger-audit-head+jwt', claims, { privateKey, kid: id, alg: 'EdDSA' })
  }
}
