import { limits } from '../../schema/wire/limits.ts'
import {
  createNonce,
  serializeSignature,
  serializeSignatureInput,
  signatureBase,
  signBytes,
  type ComponentValues,
  type SignatureProfile,
} from '../../schema/wire/request-signature.ts'
import type { Clock } from '../transport/clock.ts'
import { signatureAlgorithmOf, type ManagementKey } from './management-key.ts'

/** Proves that a request comes from the holder of a management key. */
export interface RequestSigner {
  /** Signs now, by the corrected clock, with a new nonce: a signature is good for one request. */
  sign(profile: SignatureProfile, values: ComponentValues): Promise<RequestSignature>
}

/** The values of the two headers (or, for a WebSocket, of the two members of `connection_init`). */
export interface RequestSignature {
  readonly signatureInput: string
  readonly signature: string
}

export function requestSigner(key: ManagementKey, clock: Clock): RequestSigner {
  const alg = signatureAlgorithmOf(key)
  return {
    sign: async (profile, values) => {
      const created = clock.nowSeconds()
      const expires = created + limits.signatureLifetimeSecondsMax
      const parameters = { created, expires, nonce: createNonce(), keyid: key.id, alg }
      const base = signatureBase(profile, parameters, values)
      return {
        signatureInput: serializeSignatureInput(profile, parameters),
        signature: serializeSignature(await signBytes(alg, key.signing.privateKey, base)),
      }
    },
  }
}
