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
} from '../../schema/wire/signatures/http-signature.ts'
import type { Clock } from './clock.ts'
import { signatureAlgorithmOf, type ManagementKey } from '../crypto/management-key.ts'

/** Proves that a request comes from the holder of a key. */
export interface MessageSigner {
  /** Signs now, by the corrected clock, with a new nonce: a signature is good for one request. */
  sign(profile: SignatureProfile, values: ComponentValues): Promise<MessageSignature>
}

/** The values of the two headers (or, for a WebSocket, of the two members of `connection_init`). */
export interface MessageSignature {
  readonly signatureInput: string
  readonly signature: string
}

/** Signs as a management key. */
export function managementKeySigner(key: ManagementKey, clock: Clock): MessageSigner {
  const { id, signing } = key
  return createMessageSigner(
    { keyid: id, alg: signatureAlgorithmOf(key), privateKey: signing.privateKey },
    clock,
  )
}

/** Signs with a private key under the `keyid` that the profile asks for. */
export function createMessageSigner(
  {
    keyid,
    alg,
    privateKey,
  }: { readonly keyid: string; readonly alg: SignatureAlgorithm; readonly privateKey: CryptoKey },
  clock: Clock,
): MessageSigner {
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
