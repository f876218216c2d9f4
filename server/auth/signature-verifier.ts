import { signatureRefused } from '../../schema/wire/errors.ts'
import type { SigningJwk } from '../../schema/wire/keys/jwk.ts'
import {
  algorithmOf,
  importSigningKey,
  verifySignature,
  type ComponentValues,
  type ParsedSignature,
} from '../../schema/wire/signatures/http-signature.ts'
import { toPrincipal, type Principal } from './principal.ts'
import type { PrincipalDirectory } from './principal-directory.ts'

/** The signature of a request as it was received. Nothing in it is trusted before it is verified. */
export interface ReceivedSignature {
  readonly signature: ParsedSignature
  /** The component values that the signature may cover: one set for each origin of this server. */
  readonly candidates: readonly ComponentValues[]
}

/** The signer, and the registered key that has verified it. */
export interface VerifiedSignature {
  readonly principal: Principal
  readonly key: VerifyingKey
}

/** Verifies signatures with the registered keys. It consumes no nonce and does not check whether a key is still active. */
export class SignatureVerifier {
  readonly #directory: PrincipalDirectory

  constructor(directory: PrincipalDirectory) {
    this.#directory = directory
  }

  /**
   * @throws {KeyServerError} UNAUTHENTICATED, reason SIGNATURE_INVALID: the same answer, after the same time, for every
   * cause
   */
  async verify(received: ReceivedSignature): Promise<VerifiedSignature> {
    const { keyid } = received.signature
    const { known, isCached } = await this.#directory.find(keyid)
    const isUsable = known !== null && algorithmOf(known.jwk) === received.signature.alg
    // The signature of an unknown key is checked with a stand-in, so that it takes the path and time of a wrong signature.
    const isSigned = await isSignedBy(received, isUsable ? known : await standIn(received.signature))
    if (!isUsable || !isSigned) {
      // A cached key is looked up all the same: the time must not show that such a key is in use.
      if (isCached) await this.#directory.lookUp(keyid)
      throw signatureRefused('SIGNATURE_INVALID')
    }
    return { principal: toPrincipal(known, keyid), key: known }
  }
}

/**
 * Verifies the signature of a request that registers its own key.
 *
 * @throws {KeyServerError} UNAUTHENTICATED, reason SIGNATURE_INVALID
 */
export async function assertSelfSigned(
  received: ReceivedSignature,
  { keyId, jwk }: { readonly keyId: string; readonly jwk: SigningJwk },
): Promise<void> {
  const isSigned = await isSignedBy(received, { jwk, cryptoKey: await importSigningKey(jwk) })
  if (!isSigned || received.signature.keyid !== keyId) throw signatureRefused('SIGNATURE_INVALID')
}

type VerifyingKey = Parameters<typeof verifySignature>[1]

async function isSignedBy({ signature, candidates }: ReceivedSignature, key: VerifyingKey): Promise<boolean> {
  for (const values of candidates) {
    if (await verifySignature(signature, key, values)) return true
  }
  return false
}

/** The example keys of RFC 8037 appendix A and RFC 7515 appendix A.3, which no principal may register. */
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
