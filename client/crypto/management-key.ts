import {
  parseSigningJwk,
  parseWrappingJwk,
  type SigningJwk,
  type WrappingJwk,
} from '../../schema/wire/keys/jwk.ts'
import { thumbprint } from '../../schema/wire/keys/thumbprint.ts'
import type { SignatureAlgorithm } from '../../schema/wire/signatures/http-signature.ts'

/** The algorithm of a management key's signing key. */
export type SigningAlgorithm = 'Ed25519' | 'P-256'

/** The key of one device: it signs requests and statements, and transaction keys are wrapped for it. */
export interface ManagementKey {
  /** RFC 7638 thumbprint of the signing key. */
  readonly id: string
  readonly signing: CryptoKeyPair
  readonly wrapping: CryptoKeyPair
  /**
   * AES-256, for A256KW. When present, keys are wrapped with it alone, and the public key of `wrapping` is sent to nobody
   * (docs/adr/0012-post-quantum-wrapping.md).
   */
  readonly wrappingSecret?: CryptoKey | undefined
}

/** How keys are wrapped: for a public key, so that devices can wrap for each other, or with a secret of this device. */
export type Wrapping = 'public-key' | 'symmetric'

/** The public keys, as the key server gets them. */
export interface PublicManagementKey {
  readonly signingKey: SigningJwk
  readonly wrappingKey: WrappingJwk
}

/** Generates a signing key and an X25519 wrapping key, and an AES-256 one when wrapping is symmetric. */
export async function generateManagementKey(options: {
  readonly signingAlgorithm: SigningAlgorithm
  /** Whether the private keys may be exported. */
  readonly extractable: boolean
  /** Default: public-key. */
  readonly wrapping?: Wrapping | undefined
}): Promise<ManagementKey> {
  const { signingAlgorithm, extractable } = options
  const signing = await generatePair(signingParameters[signingAlgorithm], extractable, ['sign', 'verify'])
  const wrapping = await generatePair({ name: 'X25519' }, extractable, ['deriveBits'])
  const managementKey = { id: await managementKeyId(signing.publicKey), signing, wrapping }
  if (options.wrapping !== 'symmetric') return managementKey
  const wrappingSecret = await crypto.subtle.generateKey(secretParameters, extractable, [...secretUsages])
  return { ...managementKey, wrappingSecret }
}

/** RFC 7638 thumbprint of a public signing key. */
export async function managementKeyId(signingKey: CryptoKey): Promise<string> {
  return thumbprint(parseSigningJwk(await crypto.subtle.exportKey('jwk', signingKey)))
}

/** Exports the public keys. */
export async function publicManagementKey({
  signing,
  wrapping,
}: ManagementKey): Promise<PublicManagementKey> {
  return {
    signingKey: parseSigningJwk(await crypto.subtle.exportKey('jwk', signing.publicKey)),
    wrappingKey: parseWrappingJwk(await crypto.subtle.exportKey('jwk', wrapping.publicKey)),
  }
}

/** WebCrypto's parameters of a {@link ManagementKey.wrappingSecret}. */
export const secretParameters = { name: 'AES-KW', length: 256 } as const
export const secretUsages = ['wrapKey', 'unwrapKey'] as const

/** The wrapping key that the key server lists: none when wrapping is symmetric. */
export async function listedWrappingKey(managementKey: ManagementKey): Promise<WrappingJwk | null> {
  if (managementKey.wrappingSecret !== undefined) return null
  return (await publicManagementKey(managementKey)).wrappingKey
}

/** The `alg` of request signatures with this key. */
export function signatureAlgorithmOf({ signing }: ManagementKey): SignatureAlgorithm {
  return signing.privateKey.algorithm.name === 'Ed25519' ? 'ed25519' : 'ecdsa-p256-sha256'
}

/** WebCrypto's parameters of each signing algorithm. */
export const signingParameters = {
  Ed25519: { name: 'Ed25519' },
  'P-256': { name: 'ECDSA', namedCurve: 'P-256' },
} as const satisfies Record<SigningAlgorithm, EcKeyGenParams | Algorithm>

/** Generates a key pair; the type of WebCrypto's answer depends on the algorithm, which the compiler cannot see. */
export async function generatePair(
  parameters: EcKeyGenParams | Algorithm,
  extractable: boolean,
  usages: KeyUsage[],
): Promise<CryptoKeyPair> {
  const generated = await crypto.subtle.generateKey(parameters, extractable, usages)
  if (!('privateKey' in generated)) throw new TypeError('An asymmetric algorithm makes a key pair.')
  return generated
}
