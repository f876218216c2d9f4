import type { PublicKeyVerification } from '../../schema/graphql/domain.ts'
import { limits } from '../../schema/wire/limits.ts'
import { signStatement, type VerificationAnswer } from '../../schema/wire/statements/statement.ts'
import type { SigningKeys } from './signing-keys.ts'

/** A verification's input as it was sent, and its result. */
export interface VerificationFacts extends Omit<
  PublicKeyVerification,
  'answer' | 'certificate' | 'endorsements' | 'possession' | 'revocation'
> {
  readonly owner: string
  readonly applicationServer: string
  /** RFC 7638 thumbprint of the presented key. */
  readonly thumbprint: string
}

/** Signs verification answers, so that they can be checked offline (docs/protocol.md, "Signed answers"). */
export class VerificationSigner {
  readonly #keys: SigningKeys
  readonly #issuer: () => string

  /** @param options.issuer the public URL, known when the server listens */
  constructor(keys: SigningKeys, { issuer }: { readonly issuer: () => string }) {
    this.#keys = keys
    this.#issuer = issuer
  }

  /** @returns a compact JWS. @throws {KeyServerError} UNAVAILABLE when no key can sign */
  async sign(facts: VerificationFacts): Promise<string> {
    const { id, privateKey } = await this.#keys.signer()
    const claims = claimsOf(facts, this.#issuer())
    return signStatement('claviger-answer+jwt', claims, { privateKey, kid: id, alg: 'EdDSA' })
  }
}

function claimsOf(facts: VerificationFacts, issuer: string): VerificationAnswer {
  const { coincides, valid, state, notBefore, expiresAt } = facts
  const iat = toSeconds(facts.checkedAt)
  // The result changes when the term begins or ends: the answer must expire by then.
  const changesAt = valid ? expiresAt : state === 'PENDING' ? notBefore : null
  return {
    v: 1,
    iss: issuer,
    sub: facts.owner,
    aud: facts.applicationServer,
    jkt: facts.thumbprint,
    coincides,
    valid,
    ...(state !== null && { state }),
    ...(notBefore !== null && { nbf_key: toSeconds(notBefore) }),
    ...(expiresAt !== null && { exp_key: toSeconds(expiresAt) }),
    iat,
    exp: Math.min(iat + limits.answerSecondsMax, changesAt === null ? Infinity : toSeconds(changesAt)),
  }
}

/** Whole Unix seconds, rounded down. */
function toSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000)
}
