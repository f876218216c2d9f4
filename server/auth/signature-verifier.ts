import { signatureRefused } from '../../schema/wire/errors.ts'
import type { SigningJwk } from '../../schema/wire/keys/jwk.ts'
import {
  algorithmOf,
  importSigningKey,
  verifySignature,
  type ComponentValues,
  type ParsedSignature,
} from '../../schema/wire/signatures/http-signature.ts'
import type { Principal } from './principal.ts'
import type { PrincipalDirectory } from './principal-directory.ts'

/** The signature of a request as it was received. Nothing in it is trusted before it was verified. */
export interface PresentedSignature {
  readonly signature: ParsedSignature
  /** What the signature may cover: one set for each origin that this server answers to. */
  readonly candidates: readonly ComponentValues[]
}

/** Verifies signatures with the registered keys. It consumes no nonce and does not ask whether a key is still active. */
export class SignatureVerifier {
  readonly #directory: PrincipalDirectory

  constructor(directory: PrincipalDirectory) {
    this.#directory = directory
  }

  /** @throws {KeyServerError} UNAUTHENTICATED, reason SIGNATURE_INVALID: one answer, in one time, for every cause */
  async verify(presented: PresentedSignature): Promise<Principal> {
    const { keyid } = presented.signature
    const { known, isRemembered } = await this.#directory.find(keyid)
    const isOfItsKind = known !== null && algorithmOf(known.jwk) === presented.signature.alg
    // An unknown key is checked against a stand-in, so that it takes the path and the time of a wrong signature.
    const isGood = await isSignedBy(presented, isOfItsKind ? known : await standIn(presented.signature))
    if (!isOfItsKind || !isGood) {
      // A remembered key is looked up all the same: the time must not tell that such a key is in use.
      if (isRemembered) await this.#directory.lookUp(keyid)
      throw signatureRefused('SIGNATURE_INVALID')
    }
    return { kind: known.kind, principalId: known.principalId, keyId: keyid }
  }
}

/**
 * Verifies the signature of a request that registers its own key.
 *
 * @throws {KeyServerError} UNAUTHENTICATED, reason SIGNATURE_INVALID
 */
export async function assertSelfSigned(
  presented: PresentedSignature,
  { keyId, jwk }: { readonly keyId: string; readonly jwk: SigningJwk },
): Promise<void> {
  const isGood = await isSignedBy(presented, { jwk, cryptoKey: await importSigningKey(jwk) })
  if (!isGood || presented.signature.keyid !== keyId) throw signatureRefused('SIGNATURE_INVALID')
}

type VerifyingKey = Parameters<typeof verifySignature>[1]

async function isSignedBy(
  { signature, candidates }: PresentedSignature,
  key: VerifyingKey,
): Promise<boolean> {
  for (const values of candidates) {
    if (await verifySignature(signature, key, values)) return true
  }
  return false
}

/** Keys of RFC 8037 appendix A and RFC 7515 appendix A.3: nobody's. */
const standInJwks = {
  ed25519: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
  'ecdsa-p256-sha256': {
    kty: 'EC',
    crv: 'P-256',
    x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
    y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  },
} as const satisfies Record<ParsedSignature['alg'], SigningJwk>

async function standIn({ alg }: ParsedSignature): Promise<VerifyingKey> {
  const jwk = standInJwks[alg]
  return { jwk, cryptoKey: await importSigningKey(jwk) }
}
