import { limits } from '../../schema/wire/limits.ts'
import {
  createNonce,
  serializeSignature,
  serializeSignatureInput,
  signatureBase,
  signBytes,
  type ComponentValues,
  type SignatureAlgorithm,
  type SignatureProfile,
} from '../../schema/wire/request-signature.ts'
import type { Clock } from '../transport/clock.ts'
import { signatureAlgorithmOf, type ManagementKey } from './management-key.ts'

/** Proves that a request comes from the holder of a key. */
export interface RequestSigner {
  /** Signs now, by the corrected clock, with a new nonce: a signature is good for one request. */
  sign(profile: SignatureProfile, values: ComponentValues): Promise<RequestSignature>
}

/** The values of the two headers (or, for a WebSocket, of the two members of `connection_init`). */
export interface RequestSignature {
  readonly signatureInput: string
  readonly signature: string
}

/** Signs as a management key. */
export function requestSigner(key: ManagementKey, clock: Clock): RequestSigner {
  const { id, signing } = key
  return signerWith({ keyid: id, alg: signatureAlgorithmOf(key), privateKey: signing.privateKey }, clock)
}

/** Signs with a private key under the `keyid` that the profile asks for. */
export function signerWith(
  {
    keyid,
    alg,
    privateKey,
  }: { readonly keyid: string; readonly alg: SignatureAlgorithm; readonly privateKey: CryptoKey },
  clock: Clock,
): RequestSigner {
  return {
    sign: async (profile, values) => {
      const created = clock.nowSeconds()
      const expires = created + limits.signatureLifetimeSecondsMax
      const parameters = { created, expires, nonce: createNonce(), keyid, alg }
      const base = signatureBase(profile, parameters, values)
      return {
        signatureInput: serializeSignatureInput(profile, parameters),
        signature: serializeSignature(await signBytes(alg, privateKey, base)),
      }
    },
  }
}
